import { Secret } from './secret.ts';
import { formatBytes, formatDurationMs, parseBytes, parseDurationMs } from './units.ts';

export type FieldKind = 'bytes' | 'choice' | 'duration' | 'flag' | 'int' | 'port' | 'secret' | 'text';

/** One key of the configuration: its names, its bounds, and how its text is read. */
export interface Field<T> {
  readonly kind: FieldKind;
  /** Name of the environment variable; flag and YAML key follow from it. */
  readonly env: string;
  /** The default as it would be written, in its unit. */
  readonly fallback: string;
  readonly min?: string;
  readonly max?: string;
  readonly choices?: readonly string[];
  readonly doc: string;
  /** @throws ValueError, whose message says what is wrong with the text, without the key's name */
  parse(text: string): T;
  format(value: T): string;
}

/** What somebody wrote is no value for this key. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

export type Fields = Readonly<Record<string, Field<unknown>>>;

/** The keys of one part of the system, declared beside the code that reads them. */
export interface ConfigSpec<F extends Fields = Fields> {
  readonly specOf: 'config';
  readonly fields: F;
}

/** The values of a spec: what the code that declared it gets. */
export type ConfigOf<S> =
  S extends ConfigSpec<infer F> ? { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never } : never;

/** Declares keys. @throws Error when a name is malformed or a default is outside its own bounds: a mistake of ours. */
export function configSpec<const F extends Fields>(fields: F): ConfigSpec<F> {
  for (const field of Object.values(fields)) {
    if (!/^STARLING_[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(field.env)) throw new Error(`${field.env} is no name of a key`);
    if (field.kind !== 'secret') field.parse(field.fallback);
  }
  return { specOf: 'config', fields };
}

/** '--c2s-port' for STARLING_C2S_PORT. */
export const flagOf = (env: string): string => `--${env.slice('STARLING_'.length).toLowerCase().replaceAll('_', '-')}`;

/** 'c2s_port' for STARLING_C2S_PORT. */
export const yamlKeyOf = (env: string): string => env.slice('STARLING_'.length).toLowerCase();

/** Inclusive; strings are in the key's own unit ('1s', '64KiB'). */
export interface Bounds {
  readonly min?: number | string;
  readonly max?: number | string;
}

interface NumberKind {
  readonly kind: FieldKind;
  readonly read: (text: string) => number | undefined;
  readonly write: (value: number) => string;
  readonly expected: string;
}

function numberField(
  kind: NumberKind,
  env: string,
  fallback: number | string,
  bounds: Bounds,
  doc: string,
): Field<number> {
  const read = (value: number | string) => (typeof value === 'number' ? value : kind.read(value));
  const min = bounds.min === undefined ? 0 : read(bounds.min);
  const max = bounds.max === undefined ? Number.MAX_SAFE_INTEGER : read(bounds.max);
  const fallbackValue = read(fallback);
  if (min === undefined || max === undefined || fallbackValue === undefined)
    throw new Error(`${env}: bad bounds or default`);
  return {
    kind: kind.kind,
    env,
    fallback: kind.write(fallbackValue),
    ...(bounds.min === undefined ? {} : { min: kind.write(min) }),
    ...(bounds.max === undefined ? {} : { max: kind.write(max) }),
    doc,
    parse(text) {
      const value = kind.read(text);
      if (value === undefined) throw new ValueError(`'${text}' is not ${kind.expected}`);
      if (value < min) throw new ValueError(`${text} is less than ${kind.write(min)}`);
      if (value > max) throw new ValueError(`${text} is more than ${kind.write(max)}`);
      return value;
    },
    format: kind.write,
  };
}

const parseInteger = (text: string) => (/^-?\d{1,15}$/.test(text.trim()) ? Number(text) : undefined);
const INT = { kind: 'int', read: parseInteger, write: String, expected: 'a whole number' } as const;
const PORT = { kind: 'port', read: parseInteger, write: String, expected: 'a port number' } as const;
const BYTES = { kind: 'bytes', read: parseBytes, write: formatBytes, expected: "a size such as '256KiB'" } as const;
const DURATION = {
  kind: 'duration',
  read: parseDurationMs,
  write: formatDurationMs,
  expected: "a duration such as '25s' (ms, s, m, h, d)",
} as const;

/** A whole number, at least 0 unless `min` says otherwise. */
export const int = (env: string, fallback: number, bounds: Bounds, doc: string): Field<number> =>
  numberField(INT, env, fallback, bounds, doc);

/** A number of bytes, written '256KiB'. */
export const bytes = (env: string, fallback: number | string, bounds: Bounds, doc: string): Field<number> =>
  numberField(BYTES, env, fallback, bounds, doc);

/** A time span, written '25s'; the value is in ms. */
export const duration = (env: string, fallback: number | string, bounds: Bounds, doc: string): Field<number> =>
  numberField(DURATION, env, fallback, bounds, doc);

/** A TCP port; 0 = any free one. */
export const port = (env: string, fallback: number, doc: string): Field<number> =>
  numberField(PORT, env, fallback, { max: 65_535 }, doc);

export interface TextRules {
  /** What a non-empty text has to match, whole. */
  readonly pattern?: RegExp;
}

/** Any text. */
export const text = (env: string, fallback: string, rules: TextRules, doc: string): Field<string> => ({
  kind: 'text',
  env,
  fallback,
  doc,
  parse(value) {
    if (value !== '' && rules.pattern && !rules.pattern.test(value)) {
      throw new ValueError(`'${value}' does not match ${rules.pattern.source}`);
    }
    return value;
  },
  format: (value) => value,
});

/** One of a few words. */
export const choice = <const C extends readonly string[]>(
  env: string,
  choices: C,
  fallback: C[number],
  doc: string,
): Field<C[number]> => ({
  kind: 'choice',
  env,
  fallback,
  choices,
  doc,
  parse(value) {
    if (!choices.includes(value)) throw new ValueError(`'${value}' is none of ${choices.join(', ')}`);
    return value;
  },
  format: (value) => value,
});

const FLAG_WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

/** Yes or no. On the command line --x and --no-x do as well. */
export const flag = (env: string, fallback: boolean, doc: string): Field<boolean> => ({
  kind: 'flag',
  env,
  fallback: String(fallback),
  doc,
  parse(value) {
    const found = FLAG_WORDS[value.trim().toLowerCase()];
    if (found === undefined) throw new ValueError(`'${value}' is neither true nor false`);
    return found;
  },
  format: String,
});

/**
 * A value that is never printed. It comes from the variable, from the file that <variable>_FILE names, or from YAML; a flag takes
 * only the file, since every user of the machine can read a command line.
 */
export const secret = (env: string, fallback: string, doc: string): Field<Secret> => ({
  kind: 'secret',
  env,
  fallback,
  doc,
  parse: (value) => new Secret(value),
  format: String,
});
