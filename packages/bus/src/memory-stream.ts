import { republishedAs } from '@starling/contracts';
import { Fifo } from './fifo.ts';
import type { Appended, LogEntry, LogReader, StreamInfo } from './log.ts';
import { LogUnavailableError, StreamRecreatedError } from './log.ts';
import type { MemoryBus } from './memory-bus.ts';
import { MemoryReader } from './memory-reader.ts';

/** What a stream goes on from after a restart, read from the archive's database. */
export interface StreamStart {
  readonly createdAtMs: number;
  /** The last sequence that was given. */
  readonly last: number;
  /** Entries of the last duplicate window, in order of their sequence. */
  readonly recent: readonly { readonly id: string; readonly sequence: number; readonly committedAtMs: number }[];
}

export interface MemoryStreamOptions {
  readonly acknowledge: 'when-archived' | 'at-once';
  readonly start: StreamStart | undefined;
  readonly entriesMax: number;
  readonly bytesMax: number;
  readonly duplicateWindowMs: number;
  readonly now: () => number;
  readonly onSettled: (pending: PendingAppend, error: Error | undefined) => void;
}

/** Ids of one stream's duplicate window: 3,300 a second for 300 s. */
const IDS_MAX = 1_000_000;

/** An append that waits for the archive. */
export interface PendingAppend {
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

/** One stream in memory: its entries, the ids of its duplicate window, who waits for its archive. */
export class MemoryStream {
  readonly number: number;
  readonly #bus: MemoryBus;
  readonly #options: MemoryStreamOptions;
  readonly #held = new Fifo<Held>();
  readonly #lastOnSubject = new Map<string, number>();
  readonly #ids = new Map<string, { readonly sequence: number; readonly atMs: number }>();
  #pending: PendingAppend[] = [];
  readonly #readers = new Set<MemoryReader>();
  #createdAtMs: number;
  #last: number;
  #archivedUpTo: number;
  #bytes = 0;

  constructor(number: number, bus: MemoryBus, options: MemoryStreamOptions) {
    this.number = number;
    this.#bus = bus;
    this.#options = options;
    const { start } = options;
    this.#createdAtMs = start?.createdAtMs ?? options.now();
    this.#last = start?.last ?? 0;
    this.#archivedUpTo = this.#last;
    for (const { id, sequence, committedAtMs } of start?.recent ?? []) {
      this.#ids.set(id, { sequence, atMs: committedAtMs });
    }
  }

  get #atOnce(): boolean {
    return this.#options.acknowledge === 'at-once';
  }

  get #first(): number {
    return this.#last - this.#held.length + 1;
  }

  /** Undefined when the stream is full. */
  append(subject: string, id: string, data: Uint8Array): Appended | undefined {
    const nowMs = this.#options.now();
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

  settleWhenArchived(pending: PendingAppend): void {
    // A retry of an entry that waits for the archive waits with it.
    if (this.#atOnce || pending.appended.sequence <= this.#archivedUpTo) this.#options.onSettled(pending, undefined);
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
    const storage = { bytes: this.#bytes, bytesMax: this.#options.bytesMax, replicas: 1, replicasCurrent: 1 };
    return { stream: this.number, createdAtMs: this.#createdAtMs, first: this.#first, last: this.#last, storage };
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
    const youngestMs = this.#options.now() - this.#options.duplicateWindowMs;
    while (this.#held.length > 0) {
      const oldest = this.#held.at(0) as Held;
      if (oldest.sequence >= before || oldest.committedAtMs > youngestMs) return;
      this.#dropOldest();
    }
  }

  recreate(): void {
    this.#createdAtMs = Math.max(this.#options.now(), this.#createdAtMs + 1);
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

  #settle(isDue: (pending: PendingAppend) => boolean, problem?: string): void {
    if (!this.#pending.some(isDue)) return;
    const due = this.#pending.filter(isDue);
    this.#pending = this.#pending.filter((pending) => !isDue(pending));
    for (const pending of due) this.#options.onSettled(pending, problem ? new LogUnavailableError(problem) : undefined);
  }

  #republish({ subject, data, sequence, previous }: Held): void {
    this.#bus.republish(republishedAs(subject), data, { stream: this.number, sequence, previous });
  }

  #makeRoom(bytes: number): boolean {
    while (this.#held.length >= this.#options.entriesMax || this.#bytes + bytes > this.#options.bytesMax) {
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
      if (atMs > nowMs - this.#options.duplicateWindowMs) return;
      this.#ids.delete(id);
    }
  }
}
