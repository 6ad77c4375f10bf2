// The dead part of the array is cut off when it is longer than this and than the living part: O(1) on average.
const DEAD_MAX = 1024;

/** First in, first out, with access by index from the front. Bounded by its owner. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at this place, 0 being the oldest. */
  at(index: number): T | undefined {
    return this.#items[this.#head + index];
  }

  shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item !== undefined) this.drop(1);
    return item;
  }

  /** Removes the oldest ones. */
  drop(count: number): void {
    const head = Math.min(this.#items.length, this.#head + count);
    this.#items.fill(undefined as T, this.#head, head);
    this.#head = head;
    if (head > DEAD_MAX && head * 2 > this.#items.length) {
      this.#items.splice(0, head);
      this.#head = 0;
    } else if (head === this.#items.length) this.clear();
  }

  slice(from: number, count: number): T[] {
    return this.#items.slice(this.#head + from, this.#head + from + count);
  }

  clear(): void {
    this.#items.length = 0;
    this.#head = 0;
  }
}
