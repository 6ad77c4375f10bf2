/** How many are due, by the clock: what was late is made up for, but never more than a second's worth at once. */
export class Pacer {
  readonly #perSecond: number;
  #lastMs: number;
  #owed = 0;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#lastMs = nowMs;
  }

  /** Since it was asked last. */
  due(nowMs: number): number {
    const elapsedSeconds = (nowMs - this.#lastMs) / 1_000;
    this.#lastMs = nowMs;
    this.#owed += Math.min(1, elapsedSeconds) * this.#perSecond;
    const count = Math.floor(this.#owed);
    this.#owed -= count;
    return count;
  }
}

const TICK_MS = 1;

/** Calls `send` so many times a second, until what it returns is called. */
export function pace(perSecond: number, send: () => void): () => void {
  const pacer = new Pacer(perSecond, performance.now());
  const timer = setInterval(() => {
    for (let count = pacer.due(performance.now()); count > 0; count--) send();
  }, TICK_MS);
  return () => clearInterval(timer);
}
