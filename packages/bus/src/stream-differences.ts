import type { StreamConfig } from '@nats-io/jetstream';

/** What `starling check` compares; the order is that in which differences are told. */
const COMPARED = [
  'subjects',
  'storage',
  'retention',
  'discard',
  'num_replicas',
  'max_bytes',
  'max_age',
  'max_msg_size',
  'max_msgs_per_subject',
  'duplicate_window',
  'republish',
  'allow_direct',
] as const satisfies readonly (keyof StreamConfig)[];

const SUBJECTS_CHARS_MAX = 60;

/** In which settings a stream is not as it is to be: `max_bytes is 1024, not 2048`. What is left out of `wanted` may be anything. */
export function streamDifferences(
  wanted: Partial<StreamConfig>,
  existing: Readonly<Record<string, unknown>>,
): readonly string[] {
  return COMPARED.filter((key) => wanted[key] !== undefined && textOf(wanted[key]) !== textOf(existing[key])).map(
    (key) => `${key} is ${short(textOf(existing[key]))}, not ${short(textOf(wanted[key]))}`,
  );
}

/** Servers differ in what they leave out and add: of a re-publication its two ends count. */
function textOf(value: unknown): string {
  if (value === undefined || value === null) return 'not set';
  if (Array.isArray(value)) return value.join(' ');
  if (typeof value !== 'object') return String(value);
  const { src = '', dest = '' } = value as { src?: string; dest?: string };
  return `${src} → ${dest}`;
}

const short = (text: string): string =>
  text.length <= SUBJECTS_CHARS_MAX ? text : `${text.slice(0, SUBJECTS_CHARS_MAX)}…`;
