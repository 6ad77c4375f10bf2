/**
 * Handles items strictly one after another: the next one starts when the handler's Promise of the last one has settled, or at
 * once when it returned none. The handler must not throw and its Promise must not reject.
 */
export class SerialQueue<T> {
  readonly #handle: (item: T) => void | Promise<void>;
  readonly #max: number;
  readonly #onFull: () => void;
  readonly #onRoom: () => void;
  readonly #waiting: T[] = [];
  #busy = false;
  #full = false;
  #ended = false;

  /** `onFull` is called when `max` items wait, `onRoom` when half of them are gone again. */
  constructor(handle: (item: T) => void | Promise<void>, max: number, onFull: () => void, onRoom: () => void) {
    this.#handle = handle;
    this.#max = max;
    this.#onFull = onFull;
    this.#onRoom = onRoom;
  }

  /** Items that wait, without the one that is being handled. */
  get length(): number {
    return this.#waiting.length;
  }

  push(item: T): void {
    if (this.#ended) return;
    if (!this.#busy && this.#waiting.length === 0) {
      this.#start(item);
      return;
    }
    this.#waiting.push(item);
    if (!this.#full && this.#waiting.length >= this.#max) {
      this.#full = true;
      this.#onFull();
    }
  }

  /** Forgets what waits; the item that is being handled is finished. */
  end(): void {
    this.#ended = true;
    this.#waiting.length = 0;
  }

  #start(item: T): void {
    const pending = this.#handle(item);
    if (pending === undefined) return;
    this.#busy = true;
    void pending.then(this.#next);
  }

  readonly #next = (): void => {
    this.#busy = false;
    while (!this.#busy) {
      const item = this.#waiting.shift();
      if (item === undefined) break;
      this.#start(item);
    }
    if (this.#full && this.#waiting.length <= this.#max / 2) {
      this.#full = false;
      this.#onRoom();
    }
  };
}
