import type { BareJid } from '@starling/jid';

/** An entry as it is read back from a stream. */
export interface LogEntry {
  readonly stream: number;
  readonly sequence: number;
  /** Commit time, Unix time in ms. */
  readonly committedAtMs: number;
  /** The message id of its append. */
  readonly id: string;
  /** May be a view of a larger piece of memory, which it holds: copy what is kept for long out of few entries. */
  readonly data: Uint8Array;
}

export interface Appended {
  readonly stream: number;
  readonly sequence: number;
  /** The log had this id already within its duplicate window: nothing was stored, and that is a success. */
  readonly duplicate: boolean;
}

export interface StreamInfo {
  readonly stream: number;
  /** When the stream was made, Unix time in ms: a recreated one has another time and starts at sequence 1. */
  readonly createdAtMs: number;
  /** First sequence still held; last + 1 when the stream is empty. */
  readonly first: number;
  /** Last sequence ever given, 0 when none. */
  readonly last: number;
  /** Absent where nobody knows. */
  readonly storage?: StreamStorage;
}

/** What a stream takes of its room, and how safe it is there. */
export interface StreamStorage {
  readonly bytes: number;
  /** Beyond it the stream refuses entries. */
  readonly bytesMax: number;
  /** Copies that there should be, and those that are up to date. */
  readonly replicas: number;
  readonly replicasCurrent: number;
}

/** Reads one stream in order, from a sequence. Survives reconnects and leader changes without a gap or a repetition. */
export interface LogReader {
  /**
   * The next entries in order: as soon as there is at least one, up to `max`; empty after `waitMs` without any.
   * Rejects with StreamRecreatedError when the stream it was reading is gone and another one bears its name.
   */
  next(max: number, waitMs: number): Promise<readonly LogEntry[]>;
  close(): Promise<void>;
}

/** The log: one stream per group of partitions, one order per bare JID. */
export interface Log {
  /** How many streams there are: fixed when a cluster is first started. */
  readonly streams: number;
  /**
   * Appends to the log of one bare JID and resolves when a majority has it (embedded: when the archive has committed it).
   * Retries by itself with the same id while it is unsure, bounded by `appendTimeoutMs`; so `duplicate` may speak of a first try
   * of its own. The id is ASCII without spaces. The entry must not be changed until the answer.
   * @throws LogFullError (the stream refuses more), LogUnavailableError (unsure until the deadline: it may be stored or not),
   * LogBusyError (the table of pending appends is full: stop reading from clients), RangeError (more than a message holds),
   * TypeError (an id that is none)
   */
  append(user: BareJid, id: string, entry: Uint8Array): Promise<Appended>;
  /** Whether the table of pending appends is so full that its owner should stop reading from clients. */
  readonly congested: boolean;
  /** Called once when `congested` turns false again. */
  onDrained(handler: () => void): void;
  /** @throws LogUnavailableError (here and below: nobody could be asked), RangeError when there is no such stream */
  info(stream: number): Promise<StreamInfo>;
  /** From the first entry with a sequence of at least `from`. @throws LogUnavailableError */
  read(stream: number, from: number): Promise<LogReader>;
  /**
   * The archive has written everything up to this sequence. Embedded: only now the appends resolve and are re-published.
   * JetStream: nothing to do.
   */
  archived(stream: number, upTo: number): void;
  /** Removes what is before this sequence, but never what is younger than the duplicate window. @throws LogUnavailableError */
  trim(stream: number, before: number): Promise<void>;
  close(): Promise<void>;
}

export class LogFullError extends Error {
  override readonly name = 'LogFullError';
}
export class LogUnavailableError extends Error {
  override readonly name = 'LogUnavailableError';
}
export class LogBusyError extends Error {
  override readonly name = 'LogBusyError';
}
export class StreamRecreatedError extends Error {
  override readonly name = 'StreamRecreatedError';
}

/** The server, or the streams that exist, do not fit the configuration: nothing that time would cure, unless `transient`. */
export class LogConfigError extends Error {
  override readonly name = 'LogConfigError';
  readonly transient: boolean;
  constructor(message: string, options: { transient?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.transient = options.transient ?? false;
  }
}
