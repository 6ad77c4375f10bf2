const INITIAL_SIZE = 65_536;

/** Times of one window, as many as there are: at 100,000 a second an array of numbers would cost more than what it measures. */
export class Latencies {
  #values = new Float64Array(INITIAL_SIZE);
  #count = 0;

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = ms;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Nearest-rank percentiles; 0 when there is nothing. */
  summary(): { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number } {
    const sorted = this.#values.slice(0, this.#count).sort();
    return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), maxMs: percentile(sorted, 1) };
  }
}

/** The smallest value that so large a share of all is not above; 0 when there is none. */
export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
