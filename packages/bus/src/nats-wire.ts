import type { Commit } from './bus.ts';

/**
 * A message as the client's parser leaves it, before its getters decode anything: `headers` counts the header bytes at the
 * start of `bytes`, -1 without. The getters cost a TextDecoder call each and a Map of arrays for the headers.
 */
export interface RawMessage {
  readonly subject: Uint8Array;
  readonly reply: Uint8Array | undefined;
  readonly headers: number;
  readonly bytes: Uint8Array;
}

const EMPTY = new Uint8Array(0);
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const DOT = 46;
const COMMA = 44;
const CLOSING_BRACE = 125;
const ACK_SUBJECT = '$JS.ACK.';
const DOTS_MAX = 16;
/** Of a millisecond. */
const NANOS_DIGITS = 6;
/** Of the subject that is being read: an array for each entry costs more than what is in it. */
const dotsAt = new Uint16Array(DOTS_MAX);

/** ASCII bytes as a string. */
export function asciiOf(bytes: Uint8Array | undefined): string {
  return bytes === undefined || bytes.length === 0
    ? ''
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The payload, without its headers. */
export function payloadOf({ headers, bytes }: RawMessage): Uint8Array {
  if (headers <= 0) return bytes;
  return headers === bytes.length ? EMPTY : bytes.subarray(headers);
}

/** Status of a message without payload, as the server sends them ("NATS/1.0 503"); 0 for an ordinary message. */
export function statusOf({ headers, bytes }: RawMessage): number {
  if (headers < 14 || bytes[8] !== 32) return 0;
  return ((bytes[9] ?? 0) - DIGIT_0) * 100 + ((bytes[10] ?? 0) - DIGIT_0) * 10 + ((bytes[11] ?? 0) - DIGIT_0);
}

/** The number at the end of a subject: `….<number>`; -1 when there is none. */
export function numberAtEnd(subject: Uint8Array): number {
  let value = 0;
  let scale = 1;
  for (let i = subject.length - 1; i >= 0; i--) {
    const c = subject[i] as number;
    if (c === DOT) return scale === 1 ? -1 : value;
    if (c < DIGIT_0 || c > DIGIT_9) return -1;
    value += (c - DIGIT_0) * scale;
    scale *= 10;
  }
  return -1;
}

/** The value of one header in the text of a header block; '' when absent. */
export function headerOf(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}: `);
  if (at < 0) return '';
  const from = at + name.length + 4;
  return text.slice(from, text.indexOf('\r\n', from));
}

/**
 * What the server adds when it re-publishes an entry: "Nats-Stream: M<s>", "Nats-Sequence", "Nats-Last-Sequence", behind the
 * headers of the append. Undefined when the message is no such entry.
 */
export function commitOf({ headers, bytes }: RawMessage): Commit | undefined {
  if (headers <= 0) return undefined;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, headers).toString('latin1');
  const at = text.indexOf('\r\nNats-Stream: M');
  if (at < 0) return undefined;
  const sequenceAt = text.indexOf('\r\nNats-Sequence: ', at);
  const lastAt = text.indexOf('\r\nNats-Last-Sequence: ', at);
  if (sequenceAt < 0 || lastAt < 0) return undefined;
  return {
    stream: digitsAt(text, at + 16),
    sequence: digitsAt(text, sequenceAt + 17),
    previous: digitsAt(text, lastAt + 22),
  };
}

function digitsAt(text: string, from: number): number {
  let value = 0;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < DIGIT_0 || c > DIGIT_9) break;
    value = value * 10 + (c - DIGIT_0);
  }
  return value;
}

/** Where a delivered entry stands, read from the subject of its acknowledgement. */
export interface DeliveredAt {
  readonly consumer: string;
  readonly sequence: number;
  /** Counts what this consumer delivered, from 1: a hole means a lost delivery. */
  readonly delivery: number;
  readonly committedAtMs: number;
}

/**
 * `$JS.ACK.<stream>.<consumer>.<times>.<sequence>.<delivery>.<time>.<pending>`, or with two tokens more in front of the stream
 * (domain, account) and one at the end. Undefined for anything else.
 */
export function deliveredAt(reply: Uint8Array | undefined): DeliveredAt | undefined {
  const text = asciiOf(reply);
  if (!text.startsWith(ACK_SUBJECT)) return undefined;
  let dots = 0;
  for (let at = text.indexOf('.'); at >= 0 && dots < DOTS_MAX; at = text.indexOf('.', at + 1)) dotsAt[dots++] = at;
  const first = dots === 8 ? 2 : dots >= 10 ? 4 : -1;
  if (first < 0) return undefined;
  const behindDot = (n: number) => (dotsAt[first + n] as number) + 1;
  return {
    consumer: text.slice(behindDot(0), behindDot(1) - 1),
    sequence: digitsAt(text, behindDot(2)),
    delivery: digitsAt(text, behindDot(3)),
    // Nanoseconds do not fit in a double; the last six digits go.
    committedAtMs: Number(text.slice(behindDot(4), behindDot(5) - 1 - NANOS_DIGITS)),
  };
}

/** The answer to an append. */
export type PubAck =
  | { readonly sequence: number; readonly duplicate: boolean }
  | { readonly code: number; readonly errorCode: number; readonly description: string };

/**
 * Reads `{"stream":"M0","seq":12}` and `{"stream":"M0","seq":12,"duplicate": true}` without JSON.parse, everything else with it.
 * Undefined when it is no PubAck at all.
 */
export function pubAckOf(payload: Uint8Array): PubAck | undefined {
  const sequence = plainSequence(payload);
  if (sequence > 0) return { sequence, duplicate: false };
  try {
    const ack = JSON.parse(asciiOf(payload)) as {
      seq?: number;
      duplicate?: boolean;
      error?: { code?: number; err_code?: number; description?: string };
    };
    if (ack.error) {
      const { code = 0, err_code = 0, description = '' } = ack.error;
      return { code, errorCode: err_code, description };
    }
    return typeof ack.seq === 'number' && ack.seq > 0
      ? { sequence: ack.seq, duplicate: ack.duplicate === true }
      : undefined;
  } catch {
    // Policy: what is no JSON is no acknowledgement; the append is sent again until its deadline.
    return undefined;
  }
}

// The common ack ends in `"seq":<digits>}`: read from the end. 0 when it does not.
function plainSequence(payload: Uint8Array): number {
  let at = payload.length - 1;
  if (payload[at] !== CLOSING_BRACE) return 0;
  let value = 0;
  let scale = 1;
  for (at--; at > 0; at--) {
    const c = payload[at] as number;
    if (c < DIGIT_0 || c > DIGIT_9) break;
    value += (c - DIGIT_0) * scale;
    scale *= 10;
  }
  // `,"seq":` ends in e, q, ", : — enough to tell it from every other number that an acknowledgement may end in.
  const spaced = payload[at] === 32 ? at - 1 : at;
  const isSeq =
    payload[spaced] === 58 &&
    payload[spaced - 1] === 34 &&
    payload[spaced - 2] === 113 &&
    payload[spaced - 5] === 34 &&
    payload[spaced - 6] === COMMA;
  // An error reply carries "seq":0 behind the error.
  return isSeq ? value : 0;
}
