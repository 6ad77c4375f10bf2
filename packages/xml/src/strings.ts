/** Longer byte strings are not worth keeping: they seldom come twice. */
const KEPT_BYTES_MAX = 64;
/** Powers of two. There are few names and namespaces, and as many addresses as there are people who write and are written to. */
const NAME_SLOTS = 1024;
const VALUE_SLOTS = 4096;

/** One step of the hash that `intern` wants, begun at 0 and fed every byte in order. */
export const hashStep = (hash: number, byte: number): number => (hash * 31 + byte) | 0;

/** The hash of a whole range. */
export function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0;
  for (let i = start; i < end; i++) hash = hashStep(hash, bytes[i] as number);
  return hash;
}

/**
 * One string for what is read again and again: no allocation, comparing is comparing pointers, and its hash is known.
 * A newcomer takes the slot of an older one, so that hostile strings cost others a little speed and never memory.
 */
class StringTable {
  readonly #mask: number;
  readonly #keys: Uint8Array;
  readonly #lengths: Uint8Array;
  readonly #strings: string[];

  constructor(slots: number) {
    this.#mask = slots - 1;
    this.#keys = new Uint8Array(slots * KEPT_BYTES_MAX);
    this.#lengths = new Uint8Array(slots);
    this.#strings = new Array(slots).fill('');
  }

  get(bytes: Buffer, start: number, end: number, hash: number): string {
    const length = end - start;
    if (length > KEPT_BYTES_MAX) return bytes.toString('utf8', start, end);
    const keys = this.#keys;
    const slot = (hash ^ (hash >>> 10) ^ (hash >>> 20)) & this.#mask;
    const key = slot * KEPT_BYTES_MAX;
    if (this.#lengths[slot] === length) {
      let k = 0;
      while (k < length && keys[key + k] === bytes[start + k]) k++;
      if (k === length) return this.#strings[slot] as string;
    }
    const string = bytes.toString('utf8', start, end);
    for (let k = 0; k < length; k++) keys[key + k] = bytes[start + k] as number;
    this.#lengths[slot] = length;
    this.#strings[slot] = string;
    return string;
  }
}

const names = new StringTable(NAME_SLOTS);
const values = new StringTable(VALUE_SLOTS);

/** The string that valid UTF-8 in `start`..`end` stands for, shared with earlier callers where possible: of a name or a namespace. */
export function intern(bytes: Buffer, start: number, end: number, hash: number): string {
  return names.get(bytes, start, end, hash);
}

/** As intern, of an attribute's value that may well come again. */
export function internValue(bytes: Buffer, start: number, end: number): string {
  if (end - start > KEPT_BYTES_MAX) return bytes.toString('utf8', start, end);
  return values.get(bytes, start, end, hashOf(bytes, start, end));
}

/** The string that a range of ASCII stands for. */
export function ascii(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end);
}
