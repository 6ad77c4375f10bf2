/**
 * Ids of entries of which one log has taken its half of a message and the other has not: the sender has heard an error, and sends it again
 * when there is room, perhaps when the log does not know the first half by its id any more.
 */
export class HalfStored {
  readonly #max: number;
  /** The oldest first. */
  readonly #ids = new Set<string>();

  /** @param max of more the oldest are forgotten */
  constructor(max: number) {
    this.#max = max;
  }

  has(id: string): boolean {
    return this.#ids.size > 0 && this.#ids.has(id);
  }

  remember(id: string): void {
    this.#ids.add(id);
    if (this.#ids.size <= this.#max) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      return;
    }
  }

  /** All of the message is stored. */
  forget(id: string): void {
    if (this.#ids.size > 0) this.#ids.delete(id);
  }
}
