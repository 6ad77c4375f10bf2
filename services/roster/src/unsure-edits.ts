/** The two whose rosters an edit was about. */
export interface EditedPair {
  readonly user: string;
  readonly contact: string;
}

/** Edits of which nobody knows whether they were committed: the database went away before it answered. The oldest are forgotten. */
export class UnsureEdits {
  readonly #max: number;
  readonly #pairs = new Map<string, EditedPair>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#pairs.size;
  }

  add(pair: EditedPair): void {
    const key = `${pair.user} ${pair.contact}`;
    this.#pairs.delete(key);
    this.#pairs.set(key, pair);
    for (const oldest of this.#pairs.keys()) {
      if (this.#pairs.size <= this.#max) return;
      this.#pairs.delete(oldest);
    }
  }

  /** All of them, which are then somebody else's to look at. */
  take(): readonly EditedPair[] {
    const pairs = [...this.#pairs.values()];
    this.#pairs.clear();
    return pairs;
  }
}
