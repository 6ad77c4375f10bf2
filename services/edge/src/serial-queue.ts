import { appended, EMPTY } from '@starling/runtime';

/** For whom items are handled. */
export interface QueueHost<T> {
  /**
   * Handles one item; the next one starts when its Promise has settled, or at once when it returned none. It must not throw, and
   * reports its own failures: a rejection counts as handled.
   */
  handle(item: T): void | Promise<void>;
  /** The size of an item in bytes. */
  sizeOf(item: T): number;
  /** Called when a bound is reached; `onRoom` when half of it is free again. They alternate. */
  onFull(): void;
  onRoom(): void;
}

/** Of what waits, without the item that is being handled. */
export interface QueueBounds {
  readonly max: number;
  readonly bytesMax: number;
}

/** Handles items strictly one after another. */
export class SerialQueue<T> {
  readonly #host: QueueHost<T>;
  readonly #bounds: QueueBounds;
  #waiting: T[] = EMPTY;
  #waitingBytes = 0;
  #busy = false;
  /** The one that is being handled. */
  #current: T | undefined;
  #full = false;
  #whenIdle: (() => void) | undefined;

  /** `bounds` may be those of many queues. */
  constructor(bounds: QueueBounds, host: QueueHost<T>) {
    this.#bounds = bounds;
    this.#host = host;
  }

  /** Items that wait, without the one that is being handled. */
  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#waitingBytes;
  }

  /** The item that is being handled. */
  get current(): T | undefined {
    return this.#current;
  }

  push(item: T): void {
    if (this.#busy) this.#keep(item);
    else {
      this.#start(item);
      // What came in from within the handler waits although that is done.
      if (!this.#busy && (this.#waiting.length > 0 || this.#whenIdle !== undefined)) this.#next();
    }
  }

  /** Forgets what waits; the item that is being handled is finished. */
  clear(): void {
    this.#waiting = EMPTY;
    this.#waitingBytes = 0;
    this.#tellRoom();
  }

  /** Calls back once, when nothing is being handled and nothing waits: at once if that is so now. A second call replaces the first. */
  whenIdle(handler: () => void): void {
    if (this.#busy) this.#whenIdle = handler;
    else handler();
  }

  #keep(item: T): void {
    const { max, bytesMax } = this.#bounds;
    this.#waiting = appended(this.#waiting, item);
    this.#waitingBytes += this.#host.sizeOf(item);
    if (this.#full || (this.#waiting.length < max && this.#waitingBytes < bytesMax)) return;
    this.#full = true;
    this.#host.onFull();
  }

  #start(item: T): void {
    this.#busy = true;
    this.#current = item;
    const pending = this.#host.handle(item);
    if (pending === undefined) this.#done();
    else void pending.then(this.#settled, this.#settled);
  }

  readonly #settled = (): void => {
    this.#done();
    this.#next();
  };

  #done(): void {
    this.#busy = false;
    // Who is idle does not keep his last stanza in memory.
    this.#current = undefined;
  }

  #next(): void {
    while (!this.#busy && this.#waiting.length > 0) {
      const item = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#waiting = EMPTY;
      if (item === undefined) break;
      this.#waitingBytes -= this.#host.sizeOf(item);
      this.#start(item);
    }
    this.#tellRoom();
    if (this.#busy) return;
    const whenIdle = this.#whenIdle;
    this.#whenIdle = undefined;
    whenIdle?.();
  }

  #tellRoom(): void {
    const { max, bytesMax } = this.#bounds;
    if (!this.#full || this.#waiting.length > max / 2 || this.#waitingBytes > bytesMax / 2) return;
    this.#full = false;
    this.#host.onRoom();
  }
}
