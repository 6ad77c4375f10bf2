/** How something was at a moment not before the question: many questions at once are asked one after the other at most, not each. */
export class FreshAnswer<T> {
  readonly #ask: () => Promise<T>;
  #asking: Promise<T> | undefined;
  #next: Promise<T> | undefined;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** @throws what asking threw */
  find(): Promise<T> {
    if (this.#asking === undefined) return this.#start();
    // What is under way may have been answered already.
    this.#next ??= this.#startBehind(this.#asking);
    return this.#next;
  }

  async #startBehind(asking: Promise<T>): Promise<T> {
    // Policy: who asked that hears what came of it.
    await asking.catch(() => undefined);
    this.#next = undefined;
    return this.#start();
  }

  #start(): Promise<T> {
    this.#asking = this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }
}
