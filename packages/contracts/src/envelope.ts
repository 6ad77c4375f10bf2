import type { BareJid, Jid } from '@starling/jid';
import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';

const Wire = starling.v1.Envelope;

/** What an envelope carries (proto/envelope.proto, enum Kind). */
export const KIND = {
  message: 1,
  presence: 2,
  iq: 3,
  accountCreated: 4,
  accountDeleted: 5,
  sessionTable: 6,
  rosterChange: 7,
  blocksChanged: 8,
  preferencesChanged: 9,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

/** What becomes of a stanza: live (at most once), passing (log, offline), archived (log, offline, archive). */
export const FATE = { live: 0, passing: 1, archived: 2 } as const;
export type Fate = (typeof FATE)[keyof typeof FATE];

/** Whose copy of a message an entry is. */
export const COPY = { received: 0, sent: 1, self: 2 } as const;
export type Copy = (typeof COPY)[keyof typeof COPY];

/** Routing fields beside the stanza's bytes; every field is documented in proto/envelope.proto. */
export interface Envelope {
  readonly id: string;
  readonly owner: BareJid;
  readonly from: Jid;
  readonly to: Jid;
  readonly kind: Kind;
  readonly type: string;
  readonly fate: Fate;
  readonly copy: Copy;
  readonly hints: number;
  readonly origin: string;
  readonly sentAtMs: number;
  /** Where it is in a trace (W3C traceparent, binary); absent or empty: nobody traces it. */
  readonly trace?: Uint8Array | undefined;
  readonly after: number;
  /** Position in this log of the archived entry that this one gives to others; absent or 0: it is a message of its own. */
  readonly repeatsEpoch?: number;
  readonly repeatsSequence?: number;
  /** The whole stanza in jabber:client, which is not declared on it. */
  readonly stanza: Uint8Array;
}

/** The format that this code writes. */
export const ENVELOPE_VERSION = 1;
/** Field 1, a varint. */
const VERSION_TAG = (1 << 3) | 0;

export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
}

export function encodeEnvelope(envelope: Envelope): Uint8Array {
  // The version by hand: a copy of the envelope only to add a field cost as much as writing all the others.
  const writer = keptWriter().uint32(VERSION_TAG).uint32(ENVELOPE_VERSION);
  return Wire.encode(envelope as starling.v1.Envelope.$Properties, writer).finish();
}

/**
 * The inverse of encodeEnvelope; `stanza` is a view of the bytes that were given.
 * Fields that a later release adds are skipped.
 * @throws EnvelopeError when the bytes are no envelope
 */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  try {
    return Wire.decode(bytes) as unknown as Envelope;
  } catch (cause) {
    throw new EnvelopeError('not an envelope', { cause });
  }
}
