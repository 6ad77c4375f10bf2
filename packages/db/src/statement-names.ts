/**
 * Names for statements that come again: PostgreSQL parses and plans such a one once for a connection, which for short statements is most of
 * their cost. The text decides; what comes once gets none.
 */
export class StatementNames {
  readonly #max: number;
  /** '' for a text that has been seen once. */
  readonly #names = new Map<string, string>();
  #count = 0;

  /** @param max names in use; texts beyond them get none; 0: no names at all */
  constructor(max: number) {
    this.#max = max;
  }

  of(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name) return name;
    if (name === undefined) {
      if (this.#names.size < this.#max) this.#names.set(sql, '');
      return undefined;
    }
    const next = `starling-${++this.#count}`;
    this.#names.set(sql, next);
    return next;
  }
}
