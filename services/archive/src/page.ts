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

  /** It ends here, though there is room: always false. */
  cut(): false {
    this.#isCut = true;
    return false;
  }

  /** False: there is no room for it, and it is cut. `size`: of an entry that has no bytes yet. */
  take(entry: ArchivedEntry, size = entry.envelope.length): boolean {
    this.#bytes += size;
    this.#isCut ||= this.room === 0 || (this.entries.length > 0 && this.#bytes > this.#bytesMax);
    if (!this.#isCut) this.entries.push(entry);
    return !this.#isCut;
  }
}
