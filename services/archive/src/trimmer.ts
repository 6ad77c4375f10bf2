/** How far apart the marks are that trimming goes by. */
const MARK_EVERY_MS = 5_000;

/** Remembers when the log was written up to where, so that what is written and old can go. */
export class Trimmer {
  readonly #keepMs: number;
  #marks: { readonly sequence: number; readonly atMs: number }[] = [];

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** Everything up to this sequence is written, and was committed before `atMs`. */
  written(sequence: number, atMs: number): void {
    const last = this.#marks.at(-1);
    if (!last || atMs >= last.atMs + Math.min(MARK_EVERY_MS, this.#keepMs)) this.#marks.push({ sequence, atMs });
  }

  /** What was written is not of the stream that there is now, or may not be. */
  forget(): void {
    this.#marks = [];
  }

  /** The sequence before which everything is written and older than the time to keep; undefined when nothing new is. */
  takeDue(nowMs: number): number | undefined {
    let due: number | undefined;
    for (let mark = this.#marks[0]; mark && mark.atMs <= nowMs - this.#keepMs; mark = this.#marks[0]) {
      due = mark.sequence + 1;
      this.#marks.shift();
    }
    return due;
  }
}
