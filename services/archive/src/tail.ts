import { withTombstones } from './retractions.ts';
import { bodiless, isAccountNotice, isBodiless, isEnd, isForReaders, type TailEntry } from './tail-entry.ts';

/** What an entry costs beside its bytes, roughly. */
const ENTRY_OVERHEAD_BYTES = 500;

export interface TailBounds {
  /** Of entries whose bytes are kept; what must keep them beyond that may take as much again. */
  readonly bytesMax: number;
  /** Entries without their bytes. */
  readonly placesMax: number;
}

/**
 * What is read from one stream and not yet written, in order and by owner. Beyond its bound in bytes of an entry only its place is kept, and what
 * others are judged by: its bytes are read from the log again when they are wanted (reread.ts).
 */
export class Tail {
  readonly #bounds: TailBounds;
  #entries: TailEntry[] = [];
  /** Index of the first entry: taking from the front of a long array would copy it. */
  #head = 0;
  readonly #byOwner = new Map<string, TailEntry[]>();
  /** Of entries that have them. */
  #bytes = 0;
  #places = 0;
  #base: number;
  #readUpTo: number;

  /** @param base sequence before the first entry to come */
  constructor(bounds: TailBounds, base: number) {
    this.#bounds = bounds;
    this.#base = base;
    this.#readUpTo = base;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }
  get bytes(): number {
    return this.#bytes + this.#places * ENTRY_OVERHEAD_BYTES;
  }
  /** Entries without their bytes. */
  get places(): number {
    return this.#places;
  }
  /** When its first entry was committed, Unix time in ms; undefined while it is empty. */
  get oldestAtMs(): number | undefined {
    return this.#entries[this.#head]?.committedAtMs;
  }
  get isFull(): boolean {
    return this.#places >= this.#bounds.placesMax || this.#bytes >= 2 * this.#bounds.bytesMax;
  }
  /** Everything up to here is written (or was before this tail began). */
  get base(): number {
    return this.#base;
  }
  get readUpTo(): number {
    return this.#readUpTo;
  }

  *[Symbol.iterator](): Iterator<TailEntry> {
    for (let i = this.#head; i < this.#entries.length; i++) yield this.#entries[i] as TailEntry;
  }

  /** Adds an entry; one that is not behind the last is a repetition and is left out. */
  push(whole: TailEntry): boolean {
    if (whole.sequence <= this.#readUpTo) return false;
    const entry = this.#bytes >= this.#bounds.bytesMax ? bodiless(whole) : whole;
    this.#readUpTo = entry.sequence;
    this.#entries.push(entry);
    this.#count(entry, 1);
    if (entry.envelope) {
      const own = this.#byOwner.get(entry.envelope.owner);
      if (own) own.push(entry);
      else this.#byOwner.set(entry.envelope.owner, [entry]);
    }
    return true;
  }

  #count(entry: TailEntry, sign: 1 | -1): void {
    if (isBodiless(entry)) this.#places += sign;
    else this.#bytes += sign * (entry.data.length + ENTRY_OVERHEAD_BYTES);
  }

  /** The first entries, at most `rows` of them and `bytes` in all, but at least one if there is any. */
  peek(rows: number, bytes: number): readonly TailEntry[] {
    let end = this.#head;
    const endMax = Math.min(this.#entries.length, this.#head + rows);
    for (let sum = 0; end < endMax; end++) {
      sum += this.#entries[end]?.size ?? 0;
      if (sum > bytes && end > this.#head) break;
    }
    return this.#entries.slice(this.#head, end);
  }

  /** Everything up to this sequence is written. */
  drop(upTo: number): void {
    for (; this.#head < this.#entries.length; this.#head++) {
      const entry = this.#entries[this.#head];
      if (!entry || entry.sequence > upTo) break;
      this.#count(entry, -1);
      if (entry.envelope) this.#dropOwned(entry.envelope.owner);
    }
    if (this.#head > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.#base = Math.max(this.#base, upTo);
    this.#readUpTo = Math.max(this.#readUpTo, upTo);
  }

  /** Owners' lists are in the order of all: what is dropped is each one's first. */
  #dropOwned(owner: string): void {
    const own = this.#byOwner.get(owner);
    if (own && own.length > 1) own.shift();
    else this.#byOwner.delete(owner);
  }

  /** What one owner's readers get behind `after` up to `upTo`: of an account that was made or removed since nothing but that it was removed. */
  entriesOf(owner: string, after: number, upTo: number): readonly TailEntry[] {
    const own = this.#byOwner.get(owner);
    if (!own) return [];
    const begin = own.findLastIndex(isAccountNotice) + 1;
    const shown = [...own.slice(0, begin).filter(isEnd), ...withTombstones(own.slice(begin))];
    return shown.filter((entry) => isForReaders(entry) && entry.sequence > after && entry.sequence <= upTo);
  }

  /** Everything of one owner's, notices too. */
  allOf(owner: string): readonly TailEntry[] {
    return this.#byOwner.get(owner)?.slice() ?? [];
  }

  /** Whether anything of this owner's is here. */
  has(owner: string): boolean {
    return this.#byOwner.has(owner);
  }

  /** Whether an account of this name is made or removed in here. */
  hasNotice(owner: string): boolean {
    return this.#byOwner.get(owner)?.some(isAccountNotice) ?? false;
  }

  /** Sequence of the owner's last entry that readers get, 0 when there is none here. */
  lastOf(owner: string): number {
    return this.#byOwner.get(owner)?.findLast(isForReaders)?.sequence ?? 0;
  }
}
