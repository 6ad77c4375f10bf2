import type { LogEntry, LogReader } from './log.ts';

/** Where a reader gets its entries. */
export interface ReadableStream {
  /** @throws StreamRecreatedError when the stream is not the one of that time any more */
  entriesFrom(sequence: number, max: number, createdAtMs: number): LogEntry[];
}

export class MemoryReader implements LogReader {
  readonly #stream: ReadableStream;
  readonly #createdAtMs: number;
  readonly #onClose: () => void;
  #next: number;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(stream: ReadableStream, from: number, createdAtMs: number, onClose: () => void) {
    this.#stream = stream;
    this.#next = from;
    this.#createdAtMs = createdAtMs;
    this.#onClose = onClose;
  }

  async next(max: number, waitMs: number): Promise<readonly LogEntry[]> {
    const entries = this.#take(max);
    if (entries.length > 0 || this.#closed) return entries;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
    return this.#take(max);
  }

  wake(): void {
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#onClose();
    this.wake();
  }

  #take(max: number): LogEntry[] {
    if (this.#closed) return [];
    const entries = this.#stream.entriesFrom(this.#next, max, this.#createdAtMs);
    const last = entries.at(-1);
    if (last) this.#next = last.sequence + 1;
    return entries;
  }
}
