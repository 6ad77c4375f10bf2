import type { Clock } from './clock.ts';

/**
 * Whether a member may be sure that the others count it as living: only for so long after something of it was heard by the bus. Once it is
 * shut it stays so until it is opened: what has happened meanwhile, nobody here knows.
 */
export class Fence {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #sureAtMs = Number.NEGATIVE_INFINITY;
  #isOpen = false;

  /** @param limitMs less than the time after which the others declare it dead */
  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  get isOpen(): boolean {
    return this.#isOpen && this.#clock.nowMs() - this.#sureAtMs <= this.#limitMs;
  }

  /** Something that was sent at this time has been heard by the bus. Too late, it opens nothing. */
  heard(sentAtMs: number): void {
    if (this.isOpen) this.#sureAtMs = Math.max(this.#sureAtMs, sentAtMs);
  }

  open(sureAtMs: number): void {
    this.#isOpen = true;
    this.#sureAtMs = sureAtMs;
  }

  shut(): void {
    this.#isOpen = false;
  }
}
