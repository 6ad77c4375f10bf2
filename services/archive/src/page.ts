import type { ArchivedEntry } from '@starling/contracts';

/** A page as it fills up, in its own direction: bounded in entries and in bytes, but never by bytes before the first entry. */
export class Page {
  readonly entries: ArchivedEntry[] = [];
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  #bytes = 0;
  #isCut = false;

  constructor(entriesMax: number, bytesMax: number) {
    this.#entriesMax = entriesMax;
    this.#bytesMax = bytesMax;
  }

  /** There was more than it holds. */
  get isCut(): boolean {
    return this.#isCut;
  }
  get room(): number {
    return this.#entriesMax - this.entries.length;
  }

  /** False: there is no room for it, and it is cut. */
  take(entry: ArchivedEntry): boolean {
    this.#bytes += entry.envelope.length;
    this.#isCut ||= this.room === 0 || (this.entries.length > 0 && this.#bytes > this.#bytesMax);
    if (!this.#isCut) this.entries.push(entry);
    return !this.#isCut;
  }
}
