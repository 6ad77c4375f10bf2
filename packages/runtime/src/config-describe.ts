import { type ConfigSources, resolveConfig, type Specs } from './config-load.ts';
import { type ConfigSpec, type Field, type FieldKind, flagOf, yamlKeyOf } from './config-spec.ts';

/** One row of docs/config.md and of --help. */
export interface ConfigRow {
  readonly key: string;
  readonly flag: string;
  readonly env: string;
  readonly kind: FieldKind;
  /** As it would be written; '' for none. Of a secret always ''. */
  readonly default: string;
  readonly min: string;
  readonly max: string;
  readonly choices: readonly string[];
  readonly doc: string;
}

function describeField(field: Field<unknown>): ConfigRow {
  const isSecret = field.kind === 'secret';
  return {
    key: yamlKeyOf(field.env),
    flag: isSecret ? `${flagOf(field.env)}-file` : flagOf(field.env),
    env: field.env,
    kind: field.kind,
    default: isSecret ? '' : field.fallback,
    min: field.min ?? '',
    max: field.max ?? '',
    choices: field.choices ?? [],
    doc: field.doc,
  };
}

/** What docs/config.md says about a spec, in the order of its declaration. */
export const describeConfig = (spec: ConfigSpec): readonly ConfigRow[] => Object.values(spec.fields).map(describeField);

/** Every name of a variable that the spec reads, those of secret files included. */
export const variableNames = (spec: ConfigSpec): readonly string[] =>
  Object.values(spec.fields).flatMap((f) => (f.kind === 'secret' ? [f.env, `${f.env}_FILE`] : [f.env]));

/** The text of --help. */
export function helpText(command: string, specs: Iterable<ConfigSpec>): string {
  const rows = new Map([...specs].flatMap(describeConfig).map((row) => [row.flag, row]));
  const lines = [...rows.values()].map((row) => {
    const value = row.choices.length > 0 ? row.choices.join('|') : row.kind;
    const bounds = [row.min && `min ${row.min}`, row.max && `max ${row.max}`, row.default && `default ${row.default}`];
    const notes = bounds.filter((b) => b !== '').join(', ');
    return `  ${row.kind === 'flag' ? row.flag : `${row.flag} <${value}>`}\n      ${row.doc}${notes && ` (${notes})`}`;
  });
  return `${command} [options]

Every option is also an environment variable (--c2s-port is STARLING_C2S_PORT) and a key of the YAML file (c2s_port) that
STARLING_CONFIG names. A flag goes before the environment, the environment before the file.

${lines.join('\n')}
  --help
  --check-config
      examine the configuration, exit 78 if anything is wrong with it
  --print-config
      print the configuration as it would be used, as YAML
  --json-ready
      print one JSON line on stdout when the service is ready
`;
}

/**
 * The configuration as it would be used, as YAML with the origin of each value; secrets as ***.
 * @throws ConfigError like loadConfig
 */
export function printConfig(specs: Specs, sources: ConfigSources): string {
  const { config, origins } = resolveConfig(specs, sources);
  const lines = new Map<string, string>();
  for (const [part, spec] of Object.entries(specs)) {
    for (const [key, field] of Object.entries(spec.fields)) {
      const value = field.format((config[part] as Record<string, unknown>)[key]);
      const plain = field.kind === 'int' || field.kind === 'port' || field.kind === 'flag';
      lines.set(
        field.env,
        `${yamlKeyOf(field.env)}: ${plain ? value : JSON.stringify(value)} # ${origins.get(field.env)}`,
      );
    }
  }
  return `${[...lines.values()].join('\n')}\n`;
}
