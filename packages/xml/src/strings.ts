/** Longer byte strings are not worth keeping: they seldom come twice. */
const KEPT_BYTES_MAX = 64;
const SLOTS = 1024;

// One string for each name and namespace that is used again and again: no allocation, and comparing is comparing pointers.
// A newcomer takes the slot of an older one, so that hostile names cost others a little speed and never memory.
const keys = new Uint8Array(SLOTS * KEPT_BYTES_MAX);
const lengths = new Uint8Array(SLOTS);
const strings: string[] = new Array(SLOTS).fill('');

/** One step of the hash that `intern` wants, begun at 0 and fed every byte in order. */
export const hashStep = (hash: number, byte: number): number => (hash * 31 + byte) | 0;

/** The hash of a whole range. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = hashStep(hash, bytes[i] as number);
  return hash;
}

/** The string that valid UTF-8 in `start`..`end` stands for, shared with earlier callers where possible. */
export function intern(bytes: Buffer, start: number, end: number, hash: number): string {
  const length = end - start;
  if (length > KEPT_BYTES_MAX) return bytes.toString('utf8', start, end);
  const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & (SLOTS - 1);
  const key = slot * KEPT_BYTES_MAX;
  if (lengths[slot] === length) {
    let k = 0;
    while (k < length && keys[key + k] === bytes[start + k]) k++;
    if (k === length) return strings[slot] as string;
  }
  const string = bytes.toString('utf8', start, end);
  for (let k = 0; k < length; k++) keys[key + k] = bytes[start + k] as number;
  lengths[slot] = length;
  strings[slot] = string;
  return string;
}

/** The string that a range of ASCII stands for. */
export function ascii(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}
