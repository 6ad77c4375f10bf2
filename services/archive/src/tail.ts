import type { LogEntry } from '@starling/bus';
import { type Envelope, KIND } from '@starling/contracts';
import { withTombstones } from './retractions.ts';

/** An entry as it waits to be written. */
export interface TailEntry extends LogEntry {
  /** Undefined when the bytes are no envelope. */
  readonly envelope: Envelope | undefined;
}

/** What an entry costs beside its bytes, roughly. */
const ENTRY_OVERHEAD_BYTES = 500;

/** What readers of a log get: messages, and whom its owner has blocked, and what he wants archived, from there on. */
export const isForReaders = ({ envelope }: Pick<TailEntry, 'envelope'>) =>
  envelope?.kind === KIND.message ||
  envelope?.kind === KIND.blocksChanged ||
  envelope?.kind === KIND.preferencesChanged;
const isAccountNotice = ({ envelope }: TailEntry) =>
  envelope?.kind === KIND.accountCreated || envelope?.kind === KIND.accountDeleted;

/** What is read from one stream and not yet written, in order and by owner. */
export class Tail {
  readonly #bytesMax: number;
  #entries: TailEntry[] = [];
  /** Index of the first entry: taking from the front of a long array would copy it. */
  #head = 0;
  readonly #byOwner = new Map<string, TailEntry[]>();
  #bytes = 0;
  #base: number;
  #readUpTo: number;

  /** @param base sequence before the first entry to come */
  constructor(bytesMax: number, base: number) {
    this.#bytesMax = bytesMax;
    this.#base = base;
    this.#readUpTo = base;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }
  get bytes(): number {
    return this.#bytes;
  }
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
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
  push(entry: TailEntry): boolean {
    if (entry.sequence <= this.#readUpTo) return false;
    this.#readUpTo = entry.sequence;
    this.#entries.push(entry);
    this.#bytes += entry.data.length + ENTRY_OVERHEAD_BYTES;
    if (entry.envelope) {
      const own = this.#byOwner.get(entry.envelope.owner);
      if (own) own.push(entry);
      else this.#byOwner.set(entry.envelope.owner, [entry]);
    }
    return true;
  }

  /** The first entries, at most `rows` of them and `bytes` in all, but at least one if there is any. */
  peek(rows: number, bytes: number): readonly TailEntry[] {
    let end = this.#head;
    const endMax = Math.min(this.#entries.length, this.#head + rows);
    for (let sum = 0; end < endMax; end++) {
      sum += this.#entries[end]?.data.length ?? 0;
      if (sum > bytes && end > this.#head) break;
    }
    return this.#entries.slice(this.#head, end);
  }

  /** Everything up to this sequence is written. */
  drop(upTo: number): void {
    for (; this.#head < this.#entries.length; this.#head++) {
      const entry = this.#entries[this.#head];
      if (!entry || entry.sequence > upTo) break;
      this.#bytes -= entry.data.length + ENTRY_OVERHEAD_BYTES;
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

  /** What one owner's readers get behind `after` up to `upTo`, without what an account had before it was made or removed. */
  entriesOf(owner: string, after: number, upTo: number): readonly TailEntry[] {
    const own = this.#byOwner.get(owner);
    if (!own) return [];
    const begin = own.findLastIndex(isAccountNotice) + 1;
    const shown = withTombstones(own.slice(begin));
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
