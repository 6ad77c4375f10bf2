/** What is due at some time; of two that are due at the same time the one that was added first comes first. */
export interface Due {
  readonly at: number;
  readonly order: number;
}

/** The earliest of many, by a binary heap. */
export class DueHeap<T extends Due> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || isBefore(above, item)) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const [first] = items;
    const last = items.pop();
    if (last !== undefined && items.length > 0) this.#sink(last);
    return first;
  }

  /** Forgets those of which it is true. */
  removeIf(isUnwanted: (item: T) => boolean): void {
    const rest = this.#items.filter((item) => !isUnwanted(item));
    this.#items.length = 0;
    for (const item of rest) this.push(item);
  }

  /** Puts the item at the top and lets it go down to its place. */
  #sink(item: T): void {
    const items = this.#items;
    let at = 0;
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      let [place, below] = [child, items[child]];
      const other = items[child + 1];
      if (below !== undefined && other !== undefined && isBefore(other, below)) [place, below] = [child + 1, other];
      if (below === undefined || isBefore(item, below)) break;
      items[at] = below;
      at = place;
    }
    items[at] = item;
  }
}

const isBefore = (a: Due, b: Due): boolean => (a.at === b.at ? a.order < b.order : a.at < b.at);
