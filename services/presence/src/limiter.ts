/** Runs work, so much of it at once; the rest waits in order. Its queue is as long as what its owner bounds. */
export class Limiter {
  readonly #max: number;
  readonly #queue = new Set<() => Promise<void>>();
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get waiting(): number {
    return this.#queue.size;
  }
  get running(): number {
    return this.#running;
  }

  /** `work` must not throw. */
  add(work: () => Promise<void>): void {
    this.#queue.add(work);
    this.#pump();
  }

  clear(): void {
    this.#queue.clear();
  }

  #pump(): void {
    for (const work of this.#queue) {
      if (this.#running >= this.#max) return;
      this.#queue.delete(work);
      this.#running++;
      void work().finally(() => {
        this.#running--;
        this.#pump();
      });
    }
  }
}
