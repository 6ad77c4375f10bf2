import { describeConfig, runtimeConfig, type Specs } from '@starling/runtime';

/** The part of --help that lists every key: flag, values, what it is, its default. */
export function keysHelp(specs: Specs): string {
  const rows = [runtimeConfig, ...Object.values(specs)].flatMap(describeConfig);
  const unique = [...new Map(rows.map((row) => [row.env, row])).values()];
  const lines = unique.map(({ flag, kind, choices, doc, default: fallback }) => {
    const value = choices.length > 0 ? choices.join('|') : kind;
    return `  ${kind === 'flag' ? flag : `${flag} <${value}>`}\n      ${doc}${fallback === '' ? '' : ` (${fallback})`}`;
  });
  return `
Keys: each is a flag, an environment variable (--c2s-port is STARLING_C2S_PORT) and a line of the YAML file (c2s_port) that
--config names. A flag goes before the environment, the environment before the file. Port 0 = any.

${lines.join('\n')}
`;
}
