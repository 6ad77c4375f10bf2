import type { LogReader } from '@starling/bus';
import { Pause } from './pause.ts';
import type { Recent } from './recent.ts';
import type { Watermark } from './sql/select-watermark.ts';
import type { Tail } from './tail.ts';

/** One opening of the stream. */
export class Life {
  readonly tail: Tail;
  readonly recent: Recent;
  readonly createdAtMs: number;
  readonly reader: LogReader;
  /** Undefined until the database has answered. */
  mark: Watermark | undefined;
  /** The writer waits for entries, or for more of them; the reader waits for room; an attempt waits for the next. */
  readonly news = new Pause();
  readonly linger = new Pause();
  readonly room = new Pause();
  readonly retry = new Pause();
  /** The stream was made anew: what of it is not in the tail is gone. */
  isStreamGone = false;
  #overAtMs: number | undefined;

  constructor(tail: Tail, recent: Recent, createdAtMs: number, reader: LogReader, mark: Watermark | undefined) {
    this.tail = tail;
    this.recent = recent;
    this.createdAtMs = createdAtMs;
    this.reader = reader;
    this.mark = mark;
  }

  get isOver(): boolean {
    return this.#overAtMs !== undefined;
  }
  get overForMs(): number {
    return this.#overAtMs === undefined ? 0 : performance.now() - this.#overAtMs;
  }

  over(): void {
    this.#overAtMs ??= performance.now();
    for (const pause of [this.news, this.linger, this.room, this.retry]) pause.close();
    void this.reader.close();
  }

  /** What ends one of the two loops ends the other. */
  async guard(loop: Promise<void>): Promise<void> {
    try {
      await loop;
    } finally {
      this.over();
    }
  }
}
