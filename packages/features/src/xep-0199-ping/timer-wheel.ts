/** When many things are due, on one clock: time goes by in ticks, and what is due at one tick stands in one slot. */
export class TimerWheel<T> {
  readonly #slots: readonly Set<T>[];
  readonly #slotOf = new Map<T, Set<T>>();
  #now = 0;

  /** @param ticksMax the longest delay */
  constructor(ticksMax: number) {
    this.#slots = Array.from({ length: ticksMax + 1 }, () => new Set());
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** The item is due in so many ticks, at least one; what was said of it before is void. */
  schedule(item: T, ticks: number): void {
    this.remove(item);
    const ahead = Math.min(Math.max(1, ticks), this.#slots.length - 1);
    const slot = this.#slots[(this.#now + ahead) % this.#slots.length] as Set<T>;
    slot.add(item);
    this.#slotOf.set(item, slot);
  }

  remove(item: T): void {
    this.#slotOf.get(item)?.delete(item);
    this.#slotOf.delete(item);
  }

  /** One tick goes by: what is due now, and is scheduled no more. */
  tick(): readonly T[] {
    this.#now = (this.#now + 1) % this.#slots.length;
    const slot = this.#slots[this.#now] as Set<T>;
    const due = [...slot];
    for (const item of due) this.remove(item);
    return due;
  }
}
