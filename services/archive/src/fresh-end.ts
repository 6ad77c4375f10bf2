/** Where something ended at a moment not before the question: many questions at once are asked one after the other at most, not each. */
export class FreshEnd {
  readonly #ask: () => Promise<number>;
  #asking: Promise<number> | undefined;
  #next: Promise<number> | undefined;

  constructor(ask: () => Promise<number>) {
    this.#ask = ask;
  }

  /** @throws what asking threw */
  find(): Promise<number> {
    if (this.#asking === undefined) return this.#start();
    // What is under way may have been answered already.
    this.#next ??= this.#startBehind(this.#asking);
    return this.#next;
  }

  async #startBehind(asking: Promise<number>): Promise<number> {
    // Policy: who asked that hears what came of it.
    await asking.catch(() => undefined);
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<number> {
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
