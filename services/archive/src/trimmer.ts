/**
 * Up to where a stream may be cut off: behind what is written and what is old enough. Remembers, at each look, how far the
 * stream had been written, so that age can be told without reading the stream.
 */
export class Trimmer {
  readonly #keepMs: number;
  #looks: { readonly atMs: number; readonly written: number }[] = [];

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** The first sequence to keep, or 0 when nothing may go yet. */
  look(nowMs: number, written: number): number {
    this.#looks.push({ atMs: nowMs, written });
    let first = 0;
    while (this.#looks[0] !== undefined && this.#looks[0].atMs <= nowMs - this.#keepMs) {
      first = this.#looks[0].written + 1;
      this.#looks.shift();
    }
    return first;
  }
}
