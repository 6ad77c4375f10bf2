/** Addresses that are remembered at most; when there are more the oldest are forgotten. */
const ADDRESSES_MAX = 10_000;

/** At most so many a window and address. */
export class AddressQuota {
  readonly #max: number;
  readonly #windowMs: number;
  readonly #used = new Map<string, { count: number; sinceMs: number }>();

  constructor(max: number, windowMs: number) {
    this.#max = max;
    this.#windowMs = windowMs;
  }

  /** Takes one; false when the address has used up its share of the window. */
  take(address: string, nowMs: number): boolean {
    const used = this.#used.get(address);
    if (used === undefined || nowMs - used.sinceMs >= this.#windowMs) {
      this.#used.delete(address);
      this.#used.set(address, { count: 1, sinceMs: nowMs });
      const oldest = this.#used.keys().next();
      if (this.#used.size > ADDRESSES_MAX && !oldest.done) this.#used.delete(oldest.value);
      return true;
    }
    if (used.count >= this.#max) return false;
    used.count++;
    return true;
  }
}
