import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { runtimeConfig } from './config.ts';
import { type ConfigOf, type ConfigSpec, type Field, flagOf, ValueError, yamlKeyOf } from './config-spec.ts';
import { suggest } from './suggest.ts';

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface ConfigSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags, as process.argv.slice(2) has them. */
  readonly args: readonly string[];
  /** Path of the YAML file; default: --config, else STARLING_CONFIG, else none. */
  readonly file?: string;
  /** Keys of other services (specs, or names of variables): nobody reads them here, but they are no mistakes either. */
  readonly known?: readonly (ConfigSpec | string)[];
}

export type Specs = Readonly<Record<string, ConfigSpec>>;
export type ConfigsOf<S extends Specs> = { readonly [K in keyof S]: ConfigOf<S[K]> };
export type Origin = 'default' | 'environment' | 'file' | 'flag';

export interface Resolved<S extends Specs> {
  readonly config: ConfigsOf<S>;
  /** Where the value of each key (name of its variable) came from. */
  readonly origins: ReadonlyMap<string, Origin>;
}

interface Given {
  readonly text: string;
  /** How the writer called it, for messages: '--c2s-port', 'STARLING_C2S_PORT', 'c2s_port in starling.yaml'. */
  readonly as: string;
  readonly fromFile?: boolean;
}
type Layer = Map<string, Given>;

const FILE_SUFFIX = '_FILE';
/** Variables of the test-suite: a process that it starts inherits them. */
const TEST_PREFIX = 'STARLING_TEST_';
const fieldsOf = (specs: Iterable<ConfigSpec>) => [...specs].flatMap((spec) => Object.values(spec.fields));
/** The names under which a key can be given: a secret also has the name of the file that holds it. */
const namesOf = (field: Field<unknown>) =>
  field.kind === 'secret' ? [field.env, field.env + FILE_SUFFIX] : [field.env];

/** Two parts may read one key; then they have to declare it alike. */
function indexFields(specs: Specs): Map<string, Field<unknown>> {
  const index = new Map<string, Field<unknown>>();
  for (const field of [...fieldsOf([runtimeConfig]), ...fieldsOf(Object.values(specs))]) {
    const other = index.get(field.env);
    if (other && (other.kind !== field.kind || other.fallback !== field.fallback)) {
      throw new Error(`${field.env} is declared twice, differently`);
    }
    index.set(field.env, field);
  }
  return index;
}

/** Reads one configuration; collects problems instead of stopping at the first. */
class Reader {
  readonly problems: string[] = [];
  readonly fields: ReadonlyMap<string, Field<unknown>>;
  readonly #names: Set<string>;
  readonly #foreign: Set<string>;

  constructor(fields: ReadonlyMap<string, Field<unknown>>, known: readonly (ConfigSpec | string)[]) {
    this.fields = fields;
    this.#names = new Set([...fields.values()].flatMap(namesOf));
    const foreign = known.flatMap((k) => (typeof k === 'string' ? [k] : fieldsOf([k]).flatMap(namesOf)));
    this.#foreign = new Set(foreign.filter((name) => !this.#names.has(name)));
  }

  environment(env: ConfigSources['env']): Layer {
    const layer: Layer = new Map();
    for (const [name, text] of Object.entries(env)) {
      // An empty variable counts as absent: templates and compose files write it for "not set".
      if (!name.startsWith('STARLING_') || name.startsWith(TEST_PREFIX) || text === undefined || text === '') continue;
      if (this.#accepts(name, name, (n) => n, true)) layer.set(name, { text, as: name });
    }
    return layer;
  }

  flags(args: readonly string[]): Layer {
    const layer: Layer = new Map();
    for (let i = 0; i < args.length; i++) {
      const arg = args[i] ?? '';
      if (!arg.startsWith('--')) {
        this.problems.push(`${arg}: unexpected argument`);
        continue;
      }
      const equals = arg.indexOf('=');
      const flag = equals < 0 ? arg : arg.slice(0, equals);
      const negated = this.#envOfFlag(flag.replace(/^--no-/, '--'));
      if (flag.startsWith('--no-') && negated && this.fields.get(negated)?.kind === 'flag') {
        layer.set(negated, { text: 'false', as: flag });
        continue;
      }
      const name = this.#envOfFlag(flag);
      if (!this.#accepts(name ?? flag, flag, flagOf, false) || !name) {
        // Its value is part of the same mistake.
        if (equals < 0 && args[i + 1]?.startsWith('--') === false) i++;
        continue;
      }
      const field = this.fields.get(name);
      if (field?.kind === 'secret') {
        this.problems.push(`${flag}: a command line is not secret; use ${flag}-file or ${name}`);
        if (equals < 0) i++;
      } else if (equals >= 0) layer.set(name, { text: arg.slice(equals + 1), as: flag });
      else if (field?.kind === 'flag') layer.set(name, { text: 'true', as: flag });
      else if (i + 1 < args.length) layer.set(name, { text: args[++i] ?? '', as: flag });
      else this.problems.push(`${flag}: needs a value`);
    }
    return layer;
  }

  file(path: string): Layer {
    const layer: Layer = new Map();
    let content: unknown;
    try {
      content = parseYaml(readFileSync(path, 'utf8')) ?? {};
    } catch (error) {
      // Policy: one more problem for the list.
      this.problems.push(`${path}: ${messageOf(error)}`);
      return layer;
    }
    if (typeof content !== 'object' || Array.isArray(content)) {
      this.problems.push(`${path}: not a list of 'key: value'`);
      return layer;
    }
    for (const [key, value] of Object.entries(content as Record<string, unknown>)) {
      const name = `STARLING_${key.toUpperCase()}`;
      const as = `${key} in ${path}`;
      if (key !== key.toLowerCase() || !this.#accepts(name, as, yamlKeyOf, true)) {
        if (key !== key.toLowerCase())
          this.problems.push(`${as}: keys are lower case; did you mean ${key.toLowerCase()}?`);
      } else if (value === null) continue;
      else if (typeof value === 'object') this.problems.push(`${as}: must be one value, not a list or a map`);
      else layer.set(name, { text: String(value), as });
    }
    return layer;
  }

  /** The value of one key: flag, else environment, else file, else default. */
  value(field: Field<unknown>, layers: readonly (readonly [Origin, Layer])[]): { value: unknown; origin: Origin } {
    const missing = { value: undefined, origin: 'default' } as const;
    for (const [origin, layer] of layers) {
      const given = layer.get(field.env);
      const path = field.kind === 'secret' ? layer.get(field.env + FILE_SUFFIX) : undefined;
      if (given && path) {
        this.problems.push(`${given.as} and ${path.as}: give one of them`);
        return missing;
      }
      if (!given && !path) continue;
      const as = (path ?? given)?.as ?? field.env;
      try {
        // A file that an editor or a Kubernetes secret made ends in a newline that is no part of the secret.
        const text = path ? readFileSync(path.text, 'utf8').replace(/\r?\n$/, '') : (given?.text ?? '');
        return { value: field.parse(text), origin };
      } catch (error) {
        // Policy: one more problem for the list. Never the text of a secret: only ValueErrors of other kinds quote theirs.
        this.problems.push(`${as}: ${messageOf(error)}`);
        return missing;
      }
    }
    return { value: field.parse(field.fallback), origin: 'default' };
  }

  #envOfFlag(flag: string): string | undefined {
    const name = `STARLING_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`;
    return flag === flagOf(name) && (this.#names.has(name) || this.#foreign.has(name)) ? name : undefined;
  }

  /** Whether this process reads the name; else notes the problem, unless it is another service's business. */
  #accepts(name: string, as: string, written: (name: string) => string, foreignAllowed: boolean): boolean {
    if (this.#names.has(name)) return true;
    if (this.#foreign.has(name)) {
      if (!foreignAllowed) this.problems.push(`${as}: this service has no such key`);
      return false;
    }
    const candidates = [...this.#names, ...this.#foreign].map(written);
    const wanted = name.startsWith('STARLING_') ? written(name) : as;
    const near = suggest(wanted, candidates);
    this.problems.push(`${as}: unknown key${near ? `; did you mean ${near}?` : ''}`);
    return false;
  }
}

const messageOf = (error: unknown): string =>
  error instanceof ValueError || error instanceof Error ? error.message.split('\n', 1).join('') : String(error);

/**
 * Like loadConfig, and says where each value came from.
 * @throws ConfigError with all problems
 */
export function resolveConfig<const S extends Specs>(specs: S, sources: ConfigSources): Resolved<S> {
  const fields = indexFields(specs);
  const reader = new Reader(fields, sources.known ?? []);
  const flags = reader.flags(sources.args);
  const environment = reader.environment(sources.env);
  const fileKey = runtimeConfig.fields.file.env;
  const path = sources.file ?? flags.get(fileKey)?.text ?? environment.get(fileKey)?.text ?? '';
  const file: Layer = path === '' ? new Map() : reader.file(path);
  const layers = [
    ['flag', flags],
    ['environment', environment],
    ['file', file],
  ] as const;

  const values = new Map<string, unknown>();
  const origins = new Map<string, Origin>();
  for (const field of fields.values()) {
    const { value, origin } = reader.value(field, layers);
    values.set(field.env, value);
    origins.set(field.env, origin);
  }
  if (reader.problems.length > 0) throw new ConfigError(reader.problems);

  const configs = Object.entries(specs).map(([part, spec]) => {
    const entries = Object.entries(spec.fields).map(([key, field]) => [key, values.get(field.env)] as const);
    return [part, Object.freeze(Object.fromEntries(entries))] as const;
  });
  // The one cast: fromEntries forgets which key has which type; `value` made each with its own field.
  return { config: Object.freeze(Object.fromEntries(configs)) as ConfigsOf<S>, origins };
}

/**
 * The values of all specs, by flags, then environment (STARLING_*), then the YAML file, then defaults.
 * @throws ConfigError with all problems at once: bad values, unknown flags, variables and YAML keys (with "did you mean")
 */
export function loadConfig<const S extends Specs>(specs: S, sources: ConfigSources): ConfigsOf<S> {
  return resolveConfig(specs, sources).config;
}
