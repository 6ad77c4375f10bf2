import { COPY } from '@starling/contracts';
import { isRetraction } from './retractions.ts';
import { isAccountNotice, isBodiless, isForReaders, type TailEntry } from './tail-entry.ts';

/** What an entry costs beside its bytes, roughly. */
const ENTRY_OVERHEAD_BYTES = 210;

/** As much of an entry as is told of it: what was decoded of it would be ten objects more, for the collector to look at again and again. */
export interface RecentEntry {
  /** Its bare JID, one string for all of his. */
  readonly owner: string;
  readonly sequence: number;
  readonly committedAtMs: number;
  readonly data: Uint8Array;
  /** The owner's copy of what he has sent. */
  readonly isSent: boolean;
}

/** Owners whose logs have been changed by what came in; of more nothing at all is known any more. */
const CHANGED_MAX = 1_000;

/**
 * What this process has written lately of one stream, as it stands in the rows: who was away for a moment, as a session that goes on at another
 * edge, is answered without the database, also while that is away.
 */
export class Recent {
  readonly #bytesMax: number;
  /** Oldest first. */
  #entries: RecentEntry[] = [];
  #head = 0;
  readonly #byOwner = new Map<string, RecentEntry[]>();
  #bytes = 0;
  /** All that was written behind it is here. */
  #since: number;
  /** Of some owners, only what was written behind that. */
  readonly #changed = new Map<string, number>();

  /** @param since the watermark when this begins */
  constructor(bytesMax: number, since: number) {
    this.#bytesMax = bytesMax;
    this.#since = since;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether all that was written of this owner's behind the sequence is here. */
  knows(owner: string, after: number): boolean {
    return after >= this.#since && after >= (this.#changed.get(owner) ?? 0);
  }

  /** What one owner's readers get behind `after` up to `upTo`. */
  entriesOf(owner: string, after: number, upTo: number): readonly RecentEntry[] {
    const own = this.#byOwner.get(owner);
    return own === undefined ? NOTHING : own.filter(({ sequence }) => sequence > after && sequence <= upTo);
  }

  /** Sequence of the owner's last entry that is known, 0 when there is none here. */
  lastOf(owner: string): number {
    const last = this.#byOwner.get(owner)?.at(-1)?.sequence ?? 0;
    return last > (this.#changed.get(owner) ?? 0) ? last : 0;
  }

  /** These were written, `refused` excepted, which are no rows. In order. */
  add(written: readonly TailEntry[], refused: ReadonlySet<TailEntry>): void {
    for (const entry of written) {
      const owner = entry.envelope?.owner;
      if (owner === undefined) continue;
      if (isAccountNotice(entry)) this.forget(owner, entry.sequence - 1);
      if (isForReaders(entry) && !refused.has(entry) && !isBodiless(entry)) this.#push(owner, entry);
      // What is taken back was another one when it was put in here.
      if (isRetraction(entry)) this.forget(owner, entry.sequence);
    }
    while (this.#bytes > this.#bytesMax) this.#dropFirst();
  }

  /** Of this owner only what was written behind the sequence is known. */
  forget(owner: string, upTo: number): void {
    if (this.#changed.size >= CHANGED_MAX) {
      this.clear(upTo);
      return;
    }
    this.#changed.delete(owner);
    this.#changed.set(owner, upTo);
  }

  /** Nothing is known of what was written up to here. */
  clear(upTo: number): void {
    this.#entries = [];
    this.#head = 0;
    this.#byOwner.clear();
    this.#changed.clear();
    this.#bytes = 0;
    this.#since = Math.max(this.#since, upTo);
  }

  #push(owner: string, { sequence, committedAtMs, data, envelope }: TailEntry): void {
    const own = this.#byOwner.get(owner);
    const isSent = envelope?.copy === COPY.sent;
    const entry = { owner: own?.[0]?.owner ?? owner, sequence, committedAtMs, data, isSent };
    this.#entries.push(entry);
    this.#bytes += data.length + ENTRY_OVERHEAD_BYTES;
    if (own === undefined) this.#byOwner.set(owner, [entry]);
    else own.push(entry);
  }

  #dropFirst(): void {
    const entry = this.#entries[this.#head++];
    if (entry === undefined) return;
    const { owner, sequence, data } = entry;
    this.#bytes -= data.length + ENTRY_OVERHEAD_BYTES;
    this.#since = Math.max(this.#since, sequence);
    const own = this.#byOwner.get(owner);
    if (own !== undefined && own.length > 1) own.shift();
    else this.#byOwner.delete(owner);
    if ((this.#changed.get(owner) ?? Number.POSITIVE_INFINITY) <= this.#since) this.#changed.delete(owner);
    if (this.#head > this.#entries.length / 2) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

const NOTHING: readonly RecentEntry[] = [];
