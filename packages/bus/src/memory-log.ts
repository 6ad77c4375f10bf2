import { PARTITIONS, partitionOf, streamOf, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { AppendWindow } from './append-window.ts';
import type { Appended, Log, LogReader, StreamInfo } from './log.ts';
import { LogBusyError, LogFullError, LogUnavailableError } from './log.ts';
import type { MemoryBus } from './memory-bus.ts';
import { MemoryStream, type PendingAppend, type StreamStart } from './memory-stream.ts';
import { type AppendObserver, observeAppends } from './metrics.ts';
import { requireWord } from './word.ts';

export interface MemoryLogOptions {
  readonly streams: number;
  /**
   * `when-archived`: an append resolves, and is re-published, when `archived` covers it: nothing else on this machine keeps it.
   * `at-once`: for tests that have no archive.
   */
  readonly acknowledge: 'when-archived' | 'at-once';
  /** By stream number; a stream without one begins at sequence 1. */
  readonly start?: ReadonlyMap<number, StreamStart>;
  /** Bounds of one stream: what is not archived counts, what is archived gives way. */
  readonly entriesMax?: number;
  readonly bytesMax?: number;
  readonly pendingMax?: number;
  readonly pendingBytesMax?: number;
  /** How long an append may wait for the archive. */
  readonly appendTimeoutMs?: number;
  readonly duplicateWindowMs?: number;
  readonly observer?: AppendObserver;
  /** Unix time in ms; for tests. */
  readonly now?: () => number;
}

const SWEEP_MS = 250;

/** Log within one process. */
export class MemoryLog implements Log {
  readonly streams: number;
  readonly #streams: MemoryStream[];
  readonly #window: AppendWindow;
  readonly #observer: AppendObserver;
  readonly #appendTimeoutMs: number;
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(bus: MemoryBus, options: MemoryLogOptions) {
    this.streams = options.streams;
    this.#appendTimeoutMs = options.appendTimeoutMs ?? 15_000;
    this.#observer = options.observer ?? observeAppends(undefined);
    this.#window = new AppendWindow({
      pendingMax: options.pendingMax ?? 16_384,
      pendingBytesMax: options.pendingBytesMax ?? 64 * 1024 * 1024,
    });
    const streamOptions = {
      acknowledge: options.acknowledge,
      entriesMax: options.entriesMax ?? 100_000,
      bytesMax: options.bytesMax ?? 256 * 1024 * 1024,
      duplicateWindowMs: options.duplicateWindowMs ?? 300_000,
      now: options.now ?? Date.now,
      onSettled: this.#onSettled,
    };
    this.#streams = Array.from(
      { length: Math.min(options.streams, PARTITIONS) },
      (_, s) => new MemoryStream(s, bus, { ...streamOptions, start: options.start?.get(s) }),
    );
  }

  append(user: BareJid, id: string, entry: Uint8Array): Promise<Appended> {
    if (this.#closed) return Promise.reject(new LogUnavailableError('the log was closed'));
    requireWord(id);
    if (!this.#window.enter(entry.length)) {
      this.#observer.failed('busy');
      return Promise.reject(new LogBusyError('too many appends are pending'));
    }
    const stream = this.#streamAt(streamOf(partitionOf(user), this.streams));
    const appended = stream.append(subjects.log(user), id, entry);
    if (appended === undefined) {
      this.#window.leave(entry.length);
      this.#observer.failed('full');
      return Promise.reject(new LogFullError(`stream ${stream.number} is full`));
    }
    if (appended.duplicate) this.#observer.duplicateAtFirst();
    return new Promise<Appended>((resolve, reject) => {
      stream.settleWhenArchived({ resolve, reject, appended, bytes: entry.length, startedMs: performance.now() });
      this.#sweep ??= setTimeout(this.#onSweep, SWEEP_MS);
    });
  }

  /** Appends without an answer. */
  get pending(): number {
    return this.#window.count;
  }
  get pendingBytes(): number {
    return this.#window.bytes;
  }

  get congested(): boolean {
    return this.#window.congested;
  }

  onDrained(handler: () => void): void {
    this.#window.onDrained(handler);
  }

  async info(stream: number): Promise<StreamInfo> {
    return this.#streamAt(stream).info();
  }

  async read(stream: number, from: number): Promise<LogReader> {
    return this.#streamAt(stream).read(from);
  }

  archived(stream: number, upTo: number): void {
    this.#streamAt(stream).archived(upTo);
  }

  async trim(stream: number, before: number): Promise<void> {
    this.#streamAt(stream).trim(before);
  }

  /** Empties a stream and starts it again at sequence 1, as an operator does who deletes one; for tests. */
  recreate(stream: number): void {
    this.#streamAt(stream).recreate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#sweep !== undefined) clearTimeout(this.#sweep);
    this.#sweep = undefined;
    for (const stream of this.#streams) stream.close();
  }

  #streamAt(stream: number): MemoryStream {
    const found = this.#streams[stream];
    if (found === undefined) throw new RangeError(`there is no stream ${stream}`);
    return found;
  }

  readonly #onSettled = (pending: PendingAppend, error: Error | undefined): void => {
    this.#window.leave(pending.bytes);
    if (error === undefined) {
      this.#observer.appended((performance.now() - pending.startedMs) / 1000);
      pending.resolve(pending.appended);
    } else {
      this.#observer.failed('unavailable');
      pending.reject(error);
    }
  };

  // One timer for all appends instead of one for each.
  readonly #onSweep = (): void => {
    this.#sweep = undefined;
    const startedBeforeMs = performance.now() - this.#appendTimeoutMs;
    for (const stream of this.#streams) stream.expire(startedBeforeMs);
    if (this.#window.count > 0) this.#sweep = setTimeout(this.#onSweep, SWEEP_MS);
  };
}
