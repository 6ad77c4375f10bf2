import { LogUnavailableError } from '@starling/bus';
import type { BodyReader } from './reread.ts';
import { isBodiless, type TailEntry } from './tail-entry.ts';

/** Who may wait for others; behind them it is said at once that the archive is behind. */
const WAITING_MAX = 100;

/** Bytes that a tail has given up, for whoever asks: one after another, so that what is read again at one time is bounded. */
export class Rereads {
  readonly #open: () => BodyReader;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(open: () => BodyReader) {
    this.#open = open;
  }

  /** In order. @throws LogUnavailableError */
  async whole(entries: readonly TailEntry[]): Promise<readonly TailEntry[]> {
    if (!entries.some(isBodiless)) return entries;
    if (this.#waiting >= WAITING_MAX) throw new LogUnavailableError('too many ask for what has to be read again');
    this.#waiting++;
    const reading = this.#last.then(() => this.#read(entries));
    // Policy: who has asked hears of it, not who comes behind.
    this.#last = reading.catch(() => undefined);
    try {
      return await reading;
    } finally {
      this.#waiting--;
    }
  }

  async #read(asked: readonly TailEntry[]): Promise<readonly TailEntry[]> {
    const reader = this.#open();
    try {
      const { entries, gone } = await reader.fill(asked);
      if (gone > 0) throw new LogUnavailableError('the log is another one now');
      return entries;
    } finally {
      await reader.close();
    }
  }
}
