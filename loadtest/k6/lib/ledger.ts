/** What a received message is to the one before it from the same sender. */
export type Arrival = 'next' | 'late' | 'again';

/** What one receiver has got from each sender, by the numbers that the sender counts for this receiver alone: 1, 2, 3 … */
export class Ledger {
  readonly #last = new Map<string, number>();
  readonly #missing = new Map<string, Set<number>>();

  /** `late`: one with a higher number was here before it. */
  arrived(sender: string, number: number): Arrival {
    const last = this.#last.get(sender) ?? 0;
    if (number > last) {
      for (let skipped = last + 1; skipped < number; skipped++) this.#missingOf(sender).add(skipped);
      this.#last.set(sender, number);
      return 'next';
    }
    return this.#missingOf(sender).delete(number) ? 'late' : 'again';
  }

  /** Numbers below the last one of their sender that have never come. What is missing at the end of a run only the sender knows. */
  get gaps(): number {
    let count = 0;
    for (const numbers of this.#missing.values()) count += numbers.size;
    return count;
  }

  #missingOf(sender: string): Set<number> {
    let numbers = this.#missing.get(sender);
    if (numbers === undefined) {
      numbers = new Set();
      this.#missing.set(sender, numbers);
    }
    return numbers;
  }
}
