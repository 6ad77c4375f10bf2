/** Who wants to be told. */
export class Handlers<A extends readonly unknown[]> {
  readonly #handlers = new Set<(...args: A) => void>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Returns the undo. */
  add(handler: (...args: A) => void): () => void {
    // One of one's own, so that the same function may be added twice and taken back once.
    const own = (...args: A) => handler(...args);
    this.#handlers.add(own);
    return () => this.#handlers.delete(own);
  }

  call(...args: A): void {
    for (const handler of [...this.#handlers]) {
      try {
        handler(...args);
      } catch (error) {
        // Policy: a handler must not throw; when one does, the others are told all the same.
        this.#onError(error);
      }
    }
  }
}
