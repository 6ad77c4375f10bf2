import { type Log, type LogEntry, type LogReader, LogUnavailableError, StreamRecreatedError } from '@starling/bus';
import { decodeEnvelope } from '@starling/contracts';
import { isBodiless, type TailEntry } from './tail-entry.ts';

/** Entries with their bytes; `gone`: how many of them the log has no more, whose envelope is undefined now. */
export interface Whole {
  readonly entries: readonly TailEntry[];
  readonly gone: number;
}

/** Two that are further apart are not read in one run: to begin another costs three round trips. */
const RUN_GAP_MAX = 1_000;
const READ_MAX = 1_000;
const READ_WAIT_MS = 2_000;
/** What may be read for one answer, in entries of the stream. */
const REACH_MAX = 8_000;
const NO_BYTES = new Uint8Array(0);

/** How many of these, from the first on, in whichever direction, may be made whole for one answer: at least one. */
export function withinReach(entries: readonly TailEntry[]): number {
  let cost = 0;
  let last: number | undefined;
  const end = entries.findIndex((entry) => {
    if (!isBodiless(entry)) return false;
    const isFirst = last === undefined;
    cost += Math.min(RUN_GAP_MAX, Math.abs(entry.sequence - (last ?? entry.sequence - RUN_GAP_MAX)));
    last = entry.sequence;
    return cost > REACH_MAX && !isFirst;
  });
  return end < 0 ? entries.length : end;
}

/** Reads bytes that a tail has given up from the log again: in order, in runs, and going on where the last one ended. */
export class BodyReader {
  readonly #log: Pick<Log, 'read'>;
  readonly #stream: number;
  #reader: LogReader | undefined;
  /** The sequence that the reader gives next, or one before it. */
  #next = 0;

  constructor(log: Pick<Log, 'read'>, stream: number) {
    this.#log = log;
    this.#stream = stream;
  }

  /** @throws LogUnavailableError */
  async fill(entries: readonly TailEntry[]): Promise<Whole> {
    const wanted = entries.filter(isBodiless);
    if (wanted.length === 0) {
      await this.close();
      return { entries, gone: 0 };
    }
    const found = new Map<number, LogEntry>();
    try {
      for (const run of runsOf(wanted)) await this.#read(run, found);
    } catch (error) {
      await this.close();
      // Policy: of a stream that was made anew nothing more is found; without the log it is tried again by whoever asks.
      if (!(error instanceof StreamRecreatedError)) throw error;
    }
    let gone = 0;
    const whole = entries.map((entry) => {
      if (!isBodiless(entry)) return entry;
      const again = found.get(entry.sequence);
      if (again !== undefined && isSame(entry, again)) return wholeOf(entry, again);
      gone++;
      return passedBy(entry);
    });
    return { entries: whole, gone };
  }

  async close(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    await reader?.close();
  }

  async #read(run: readonly TailEntry[], found: Map<number, LogEntry>): Promise<void> {
    const [first, last] = [run.at(0)?.sequence ?? 0, run.at(-1)?.sequence ?? 0];
    const wanted = new Set(run.map(({ sequence }) => sequence));
    const reader = await this.#readerAt(first);
    while (this.#next <= last) {
      // Not beyond the last: the next run goes on from here.
      const entries = await reader.next(Math.min(READ_MAX, last - this.#next + 1), READ_WAIT_MS);
      const end = entries.at(-1);
      if (end === undefined) throw new LogUnavailableError(`stream ${this.#stream} does not give ${this.#next}`);
      for (const entry of entries) if (wanted.has(entry.sequence)) found.set(entry.sequence, entry);
      this.#next = end.sequence + 1;
    }
  }

  async #readerAt(first: number): Promise<LogReader> {
    if (this.#reader !== undefined && first >= this.#next && first - this.#next <= RUN_GAP_MAX) return this.#reader;
    await this.close();
    this.#reader = await this.#log.read(this.#stream, first);
    this.#next = first;
    return this.#reader;
  }
}

/** Entries that the log has no more: nobody can read them. */
export const passedBy = (entry: TailEntry): TailEntry => ({ ...entry, envelope: undefined, data: NO_BYTES, size: 0 });

/** A stream that was made anew has others under the same numbers. */
const isSame = (entry: LogEntry, again: LogEntry): boolean =>
  entry.id === again.id && entry.committedAtMs === again.committedAtMs;

const wholeOf = (entry: TailEntry, { data }: LogEntry): TailEntry => ({
  ...entry,
  data,
  envelope: decodeEnvelope(data),
});

function runsOf(wanted: readonly TailEntry[]): readonly (readonly TailEntry[])[] {
  const runs: TailEntry[][] = [];
  for (const entry of wanted) {
    const run = runs.at(-1);
    if (run !== undefined && entry.sequence - (run.at(-1)?.sequence ?? 0) <= RUN_GAP_MAX) run.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
