/** A wait that can be ended: by time, by wake(), or for good by close(). */
export class Pause {
  #wake: (() => void) | undefined;
  #closed = false;

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Resolves after `ms`, at the next wake(), or at once when closed. One waiter at a time. */
  wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), ms);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  wake(): void {
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
