/** What a client has sent and its server has not acknowledged (XEP-0198 §4), in order. Runs are far too short for a count to wrap. */
export class SentQueue<T> {
  #acked = 0;
  #items: T[] = [];

  get length(): number {
    return this.#items.length;
  }

  /** What was acknowledged, as the server counts. */
  get acked(): number {
    return this.#acked;
  }

  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** Returns what is acknowledged by it; an older count says nothing. @throws RangeError when more was handled than sent */
  ack(h: number): readonly T[] {
    if (h > this.#acked + this.#items.length)
      throw new RangeError(`handled ${h}, sent ${this.#acked + this.#items.length}`);
    const taken = this.#items.splice(0, Math.max(0, h - this.#acked));
    this.#acked = Math.max(this.#acked, h);
    return taken;
  }

  /** A session begins: counts begin with 0, and nothing was sent yet. Returns what was left of the one before. */
  restart(): readonly T[] {
    const rest = this.#items;
    this.#items = [];
    this.#acked = 0;
    return rest;
  }
}
