/** Too many jobs wait. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

/**
 * Runs jobs that share a key one after another, in the order in which they came; others at the same time. A job takes all its keys at
 * once when it is queued, so two jobs cannot wait for each other.
 */
export class KeyedQueue {
  readonly #max: number;
  /** The end of the last job of each key. */
  readonly #tails = new Map<string, Promise<void>>();
  #length = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Jobs that run or wait. */
  get length(): number {
    return this.#length;
  }

  /** @throws QueueFullError, or what the job threw */
  async run<T>(keys: readonly string[], job: () => Promise<T>): Promise<T> {
    if (this.#length >= this.#max) throw new QueueFullError('too many edits');
    this.#length++;
    const before = keys.map((key) => this.#tails.get(key));
    let finish = () => {};
    const own = new Promise<void>((resolve) => {
      finish = resolve;
    });
    for (const key of keys) this.#tails.set(key, own);
    try {
      await Promise.all(before);
      return await job();
    } finally {
      this.#length--;
      for (const key of keys) if (this.#tails.get(key) === own) this.#tails.delete(key);
      finish();
    }
  }
}
