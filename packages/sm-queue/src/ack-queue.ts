import { distance, wrap } from './counter.ts';

/** The peer says that it has handled more than it was sent (XEP-0198 §6). */
export class HandledTooHighError extends Error {
  override readonly name = 'HandledTooHighError';
  readonly h: number;
  readonly sent: number;

  constructor(h: number, sent: number) {
    super(`acknowledged ${h} stanzas, sent ${sent}`);
    this.h = h;
    this.sent = sent;
  }
}

export interface AckQueueOptions<T> {
  /** What one item keeps in memory, in bytes. */
  readonly sizeOf: (item: T) => number;
  /** Bounds of what is kept; reaching one makes the queue full, and it still takes what comes. */
  readonly max: number;
  readonly bytesMax: number;
  /** Stanzas that the peer has acknowledged before, as it counts. */
  readonly acked?: number;
}

/** What was sent and not acknowledged, in order, and how many stanzas that makes (XEP-0198 §4). */
export class AckQueue<T> {
  readonly #options: AckQueueOptions<T>;
  #items: T[] = [];
  /** Index of the first one: taking from the front of a long array would copy it. */
  #head = 0;
  #bytes = 0;
  #acked: number;

  constructor(options: AckQueueOptions<T>) {
    this.#options = options;
    this.#acked = wrap(options.acked ?? 0);
  }

  get length(): number {
    return this.#items.length - this.#head;
  }
  get bytes(): number {
    return this.#bytes;
  }
  /** Stanzas that the peer has acknowledged, modulo 2^32. */
  get acked(): number {
    return this.#acked;
  }
  /** Stanzas that were sent, modulo 2^32. */
  get sent(): number {
    return wrap(this.#acked + this.length);
  }
  get isFull(): boolean {
    return this.length >= this.#options.max || this.#bytes >= this.#options.bytesMax;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T;
  }

  push(item: T): void {
    this.#items.push(item);
    this.#bytes += this.#options.sizeOf(item);
  }

  /** The peer has handled `h` stanzas. Returns what that acknowledges, in order; one that is older than the last says nothing. @throws HandledTooHighError */
  ack(h: number): readonly T[] {
    const count = distance(this.#acked, h);
    if (count > this.length) throw new HandledTooHighError(h, this.sent);
    return count <= 0 ? [] : this.#take(count);
  }

  /** As ack, by a peer that may have been sent what is not known here any more: all of it is acknowledged then. */
  ackBeyond(h: number): readonly T[] {
    const count = distance(this.#acked, h);
    if (count <= 0) return [];
    const taken = this.#take(Math.min(count, this.length));
    this.#acked = wrap(h);
    return taken;
  }

  #take(count: number): readonly T[] {
    const end = this.#head + count;
    const taken = this.#items.slice(this.#head, end);
    for (const item of taken) this.#bytes -= this.#options.sizeOf(item);
    this.#head = end;
    this.#acked = wrap(this.#acked + count);
    if (this.#head > this.#items.length / 2) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }
}
