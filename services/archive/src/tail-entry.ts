import type { LogEntry } from '@starling/bus';
import { type ArchivedEntry, type Envelope, KIND } from '@starling/contracts';
import { startTagOf } from '@starling/stanza';
import { isRetraction } from './retractions.ts';

/** An entry as it waits to be written. */
export interface TailEntry extends LogEntry {
  /** Undefined when the bytes are no envelope. */
  readonly envelope: Envelope | undefined;
  /** Of its bytes, also when they were given up: `data` is empty then, and of the envelope's stanza only the start tag is left. */
  readonly size: number;
}

const NO_BYTES = new Uint8Array(0);

/** An account ends here. */
export const isEnd = ({ envelope }: Pick<TailEntry, 'envelope'>): boolean => envelope?.kind === KIND.accountDeleted;

/** What readers of a log get: messages, whom its owner has blocked, and what he wants archived, from there on, and that the account has ended. */
export const isForReaders = (entry: Pick<TailEntry, 'envelope'>): boolean =>
  entry.envelope?.kind === KIND.message ||
  entry.envelope?.kind === KIND.blocksChanged ||
  entry.envelope?.kind === KIND.preferencesChanged ||
  isEnd(entry);

export const isAccountNotice = (entry: Pick<TailEntry, 'envelope'>): boolean =>
  entry.envelope?.kind === KIND.accountCreated || isEnd(entry);

/** What is behind it is judged otherwise than what is before. */
export const isNotice = (entry: Pick<TailEntry, 'envelope'>): boolean =>
  isAccountNotice(entry) ||
  entry.envelope?.kind === KIND.blocksChanged ||
  entry.envelope?.kind === KIND.preferencesChanged;

export const isBodiless = ({ data, size }: Pick<TailEntry, 'data' | 'size'>): boolean => data.length < size;

/** The entry without its bytes, if others can be judged without them: what notices and retractions say decides about others. */
export function bodiless(entry: TailEntry): TailEntry {
  const { envelope } = entry;
  // What nobody can read is never read again.
  if (envelope === undefined) return { ...entry, data: NO_BYTES, size: 0 };
  if (isNotice(entry) || isRetraction(entry)) return entry;
  const { id, owner, from, to, kind, type, fate, copy, hints, origin, sentAtMs, after } = envelope;
  const stanza = startTagOf(envelope.stanza);
  // Field by field: what has its default value is no property of what was decoded.
  const judged = { id, owner, from, to, kind, type, fate, copy, hints, origin, sentAtMs, after, stanza };
  return { ...entry, data: NO_BYTES, envelope: judged };
}

export const archivedOf = (
  { sequence, committedAtMs, data }: Pick<TailEntry, 'sequence' | 'committedAtMs' | 'data'>,
  epoch: number,
): ArchivedEntry => ({
  position: { epoch, sequence },
  committedAtMs,
  envelope: data,
});
