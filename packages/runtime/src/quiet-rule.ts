/** Share of the time that the event loop works while the process counts as quiet. */
const QUIET_UTILIZATION = 0.1;
/** And from where on it has been busy: who goes to and fro about the other one would be collecting all the time. */
const BUSY_UTILIZATION = 0.3;
/** Of the heap's memory: less than this is not worth a pause. */
const WORTH_BYTES = 4 * 1024 * 1024;
/** Memory that the heap has and does not use: as much as a process needs to go on. */
const SLACK_BYTES = 12 * 1024 * 1024;
/** Behind a busy time, at most: what one has emptied is given back behind the next. */
const COLLECTIONS_MAX = 4;
/** Looks between two collections of a process that was not busy meanwhile: what it does all the time makes the same garbage again. */
const LOOKS_APART = 12;

/** What V8 has of the system, and what of it holds objects, dead ones among them. */
export interface HeapSize {
  readonly heapTotal: number;
  readonly heapUsed: number;
}

/** When a process that has become quiet is to collect its garbage. Pure. */
export class QuietRule {
  readonly #heapMaxBytes: number;
  #keptBytes = 0;
  /** Of this quiet time, one after the other. */
  #collectionsLeft = COLLECTIONS_MAX;
  #looksToPass = 0;

  /** @param heapMaxBytes a larger heap is left alone */
  constructor(heapMaxBytes: number) {
    this.#heapMaxBytes = heapMaxBytes;
  }

  /** One look: how busy the event loop was since the last one, and what the heap is. */
  wants(utilization: number, { heapTotal, heapUsed }: HeapSize): boolean {
    if (utilization > BUSY_UTILIZATION) {
      this.#collectionsLeft = COLLECTIONS_MAX;
      this.#looksToPass = 0;
    }
    if (utilization > QUIET_UTILIZATION) return false;
    if (heapUsed > this.#heapMaxBytes) return false;
    if (this.#looksToPass > 0) {
      this.#looksToPass--;
      return false;
    }
    return this.#collectionsLeft > 0 || heapTotal - this.#keptBytes >= WORTH_BYTES;
  }

  /** What the heap is behind the collection that was wanted. */
  collected({ heapTotal, heapUsed }: HeapSize): void {
    this.#keptBytes = heapTotal;
    if (this.#collectionsLeft > 0) this.#collectionsLeft--;
    if (heapTotal - heapUsed < SLACK_BYTES) this.#collectionsLeft = 0;
    if (this.#collectionsLeft === 0) this.#looksToPass = LOOKS_APART - 1;
  }
}
