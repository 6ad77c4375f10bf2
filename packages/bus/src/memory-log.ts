import { PARTITIONS, partitionOf, republishedAs, streamOf, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { AppendWindow } from './append-window.ts';
import { Fifo } from './fifo.ts';
import type { Appended, Log, LogEntry, LogReader, StreamInfo } from './log.ts';
import { LogBusyError, LogFullError, LogUnavailableError, StreamRecreatedError } from './log.ts';
import type { MemoryBus } from './memory-bus.ts';
import { type AppendObserver, observeAppends } from './metrics.ts';

/** What a stream goes on from after a restart, read from the archive's database. */
export interface StreamStart {
  readonly createdAtMs: number;
  /** The last sequence that was given. */
  readonly last: number;
  /** Entries of the last duplicate window, in order of their sequence. */
  readonly recent: readonly { readonly id: string; readonly sequence: number; readonly committedAtMs: number }[];
}

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
/** Ids of one stream's duplicate window: 3,300 a second for 300 s. */
const IDS_MAX = 1_000_000;

interface Pending {
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
  readonly appended: Appended;
  readonly bytes: number;
  readonly startedMs: number;
}

interface Held extends LogEntry {
  readonly subject: string;
  /** Sequence of the entry before it on its subject. */
  readonly previous: number;
}

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
    this.#streams = Array.from(
      { length: Math.min(options.streams, PARTITIONS) },
      (_, s) => new MemoryStream(s, bus, options, this.#onSettled),
    );
  }

  append(user: BareJid, id: string, entry: Uint8Array): Promise<Appended> {
    if (this.#closed) return Promise.reject(new LogUnavailableError('the log was closed'));
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

  readonly #onSettled: OnSettled = (pending, error) => {
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

type OnSettled = (pending: Pending, error: Error | undefined) => void;

class MemoryStream {
  readonly number: number;
  readonly #bus: MemoryBus;
  readonly #atOnce: boolean;
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  readonly #duplicateWindowMs: number;
  readonly #now: () => number;
  readonly #onSettled: OnSettled;
  readonly #held = new Fifo<Held>();
  readonly #lastOnSubject = new Map<string, number>();
  readonly #ids = new Map<string, { readonly sequence: number; readonly atMs: number }>();
  #pending: Pending[] = [];
  readonly #readers = new Set<MemoryReader>();
  #createdAtMs: number;
  #last: number;
  #archivedUpTo: number;
  #bytes = 0;

  constructor(number: number, bus: MemoryBus, options: MemoryLogOptions, onSettled: OnSettled) {
    this.number = number;
    this.#bus = bus;
    this.#atOnce = options.acknowledge === 'at-once';
    this.#entriesMax = options.entriesMax ?? 100_000;
    this.#bytesMax = options.bytesMax ?? 256 * 1024 * 1024;
    this.#duplicateWindowMs = options.duplicateWindowMs ?? 300_000;
    this.#now = options.now ?? Date.now;
    this.#onSettled = onSettled;
    const start = options.start?.get(number);
    this.#createdAtMs = start?.createdAtMs ?? this.#now();
    this.#last = start?.last ?? 0;
    this.#archivedUpTo = this.#last;
    for (const { id, sequence, committedAtMs } of start?.recent ?? [])
      this.#ids.set(id, { sequence, atMs: committedAtMs });
  }

  get #first(): number {
    return this.#last - this.#held.length + 1;
  }

  /** Undefined when the stream is full. */
  append(subject: string, id: string, data: Uint8Array): Appended | undefined {
    const nowMs = this.#now();
    this.#forgetOldIds(nowMs);
    const known = this.#ids.get(id);
    if (known) return { stream: this.number, sequence: known.sequence, duplicate: true };
    if (!this.#makeRoom(data.length)) return undefined;
    const sequence = ++this.#last;
    const previous = this.#lastOnSubject.get(subject) ?? 0;
    const held = { stream: this.number, sequence, committedAtMs: nowMs, id, data, subject, previous };
    this.#held.push(held);
    this.#bytes += data.length;
    this.#lastOnSubject.set(subject, sequence);
    this.#ids.set(id, { sequence, atMs: nowMs });
    if (this.#atOnce) this.#republish(held);
    for (const reader of this.#readers) reader.wake();
    return { stream: this.number, sequence, duplicate: false };
  }

  settleWhenArchived(pending: Pending): void {
    // A retry of an entry that waits for the archive waits with it.
    if (this.#atOnce || pending.appended.sequence <= this.#archivedUpTo) this.#onSettled(pending, undefined);
    else this.#pending.push(pending);
  }

  archived(upTo: number): void {
    const from = this.#archivedUpTo;
    if (upTo <= from || upTo > this.#last) return;
    this.#archivedUpTo = upTo;
    if (this.#atOnce) return;
    for (let sequence = Math.max(from + 1, this.#first); sequence <= upTo; sequence++) {
      const held = this.#held.at(sequence - this.#first);
      if (held) this.#republish(held);
    }
    this.#settle((pending) => pending.appended.sequence <= upTo);
  }

  expire(startedBeforeMs: number): void {
    this.#settle((pending) => pending.startedMs <= startedBeforeMs, 'the archive did not commit it in time');
  }

  info(): StreamInfo {
    return { stream: this.number, createdAtMs: this.#createdAtMs, first: this.#first, last: this.#last };
  }

  read(from: number): LogReader {
    const reader = new MemoryReader(this, from, this.#createdAtMs, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  /** @throws StreamRecreatedError when the stream is not the one of that time any more */
  entriesFrom(sequence: number, max: number, createdAtMs: number): LogEntry[] {
    if (createdAtMs !== this.#createdAtMs) throw new StreamRecreatedError(`stream ${this.number} was made anew`);
    return this.#held.slice(Math.max(0, sequence - this.#first), max);
  }

  trim(before: number): void {
    const youngestMs = this.#now() - this.#duplicateWindowMs;
    while (this.#held.length > 0) {
      const oldest = this.#held.at(0) as Held;
      if (oldest.sequence >= before || oldest.committedAtMs > youngestMs) return;
      this.#dropOldest();
    }
  }

  recreate(): void {
    this.#createdAtMs = Math.max(this.#now(), this.#createdAtMs + 1);
    this.#held.clear();
    this.#bytes = 0;
    this.#last = 0;
    this.#archivedUpTo = 0;
    this.#lastOnSubject.clear();
    this.#ids.clear();
    this.#settle(() => true, 'the stream was made anew');
    for (const reader of this.#readers) reader.wake();
  }

  close(): void {
    this.#settle(() => true, 'the log was closed');
    for (const reader of this.#readers) void reader.close();
  }

  #settle(isDue: (pending: Pending) => boolean, problem?: string): void {
    if (!this.#pending.some(isDue)) return;
    const due = this.#pending.filter(isDue);
    this.#pending = this.#pending.filter((pending) => !isDue(pending));
    for (const pending of due) this.#onSettled(pending, problem ? new LogUnavailableError(problem) : undefined);
  }

  #republish({ subject, data, sequence, previous }: Held): void {
    this.#bus.republish(republishedAs(subject), data, { stream: this.number, sequence, previous });
  }

  #makeRoom(bytes: number): boolean {
    while (this.#held.length >= this.#entriesMax || this.#bytes + bytes > this.#bytesMax) {
      const oldest = this.#held.at(0);
      // Only what the archive has may go: the rest would be lost.
      if (oldest === undefined || this.#atOnce || oldest.sequence > this.#archivedUpTo) return false;
      this.#dropOldest();
    }
    return this.#ids.size < IDS_MAX;
  }

  #dropOldest(): void {
    const oldest = this.#held.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.data.length;
    if (this.#lastOnSubject.get(oldest.subject) === oldest.sequence) this.#lastOnSubject.delete(oldest.subject);
  }

  // Maps keep the order of insertion, which is the order of time.
  #forgetOldIds(nowMs: number): void {
    for (const [id, { atMs }] of this.#ids) {
      if (atMs > nowMs - this.#duplicateWindowMs) return;
      this.#ids.delete(id);
    }
  }
}

class MemoryReader implements LogReader {
  readonly #stream: MemoryStream;
  readonly #createdAtMs: number;
  readonly #onClose: () => void;
  #next: number;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(stream: MemoryStream, from: number, createdAtMs: number, onClose: () => void) {
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
