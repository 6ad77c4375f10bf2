/** As much of a terminal as is needed. */
export type ProgressOutput = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> & { write(text: string): unknown };

const WIDTH = 30;
const INTERVAL_MS = 100;
const COLUMNS = 80;

/** How far something is, on standard error of a terminal; elsewhere nothing. */
export class Progress {
  readonly #out: ProgressOutput;
  #shownAtMs = 0;
  #length = 0;

  constructor(out: ProgressOutput = process.stderr) {
    this.#out = out;
  }

  show(done: number, total: number, text: string): void {
    const nowMs = performance.now();
    if (!this.#out.isTTY || nowMs - this.#shownAtMs < INTERVAL_MS) return;
    this.#shownAtMs = nowMs;
    // A terminal that does not know how wide it is says 0.
    const line = barOf(done, total, text).slice(0, (this.#out.columns || COLUMNS) - 1);
    this.#out.write(`\r${line.padEnd(this.#length)}`);
    this.#length = line.length;
  }

  /** Makes room for other lines. */
  clear(): void {
    if (this.#length === 0) return;
    this.#out.write(`\r${' '.repeat(this.#length)}\r`);
    this.#length = 0;
    this.#shownAtMs = 0;
  }
}

export function barOf(done: number, total: number, text: string): string {
  const part = total > 0 ? Math.min(1, done / total) : 0;
  const filled = Math.round(part * WIDTH);
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${String(Math.floor(part * 100)).padStart(3)} %  ${text}`;
}
