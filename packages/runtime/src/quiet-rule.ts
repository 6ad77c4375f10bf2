/** Share of the time that the event loop works while the process counts as quiet. */
const QUIET_UTILIZATION = 0.1;
/** Less than this is not worth a pause. */
const WORTH_BYTES = 4 * 1024 * 1024;
/** Looks between two collections of a process that was not busy meanwhile: what it does all the time makes the same garbage again. */
const LOOKS_APART = 12;

/** When a process that has become quiet is to collect its garbage. Pure. */
export class QuietRule {
  readonly #heapMaxBytes: number;
  #keptBytes = 0;
  #looksToPass = 0;

  /** @param heapMaxBytes a larger heap is left alone */
  constructor(heapMaxBytes: number) {
    this.#heapMaxBytes = heapMaxBytes;
  }

  /** One look: how busy the event loop was since the last one, and what the heap holds. */
  wants(utilization: number, usedBytes: number): boolean {
    if (utilization > QUIET_UTILIZATION) {
      this.#looksToPass = 0;
      return false;
    }
    if (this.#looksToPass > 0) {
      this.#looksToPass--;
      return false;
    }
    return usedBytes <= this.#heapMaxBytes && usedBytes - this.#keptBytes >= WORTH_BYTES;
  }

  /** @param keptBytes what is left */
  collected(keptBytes: number): void {
    this.#keptBytes = keptBytes;
    this.#looksToPass = LOOKS_APART - 1;
  }
}
