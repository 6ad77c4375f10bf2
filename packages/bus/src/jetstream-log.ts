import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { streamName, streamOf, subjectsOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { AppendWindow } from './append-window.ts';
import { JetStreamReader } from './jetstream-reader.ts';
import { checkServerVersion, ensureStreams, type StreamSettings } from './jetstream-streams.ts';
import { firstSequenceSince } from './jetstream-trim.ts';
import type { Appended, Log, LogReader, StreamInfo, StreamStorage } from './log.ts';
import { LogBusyError, LogFullError, LogUnavailableError } from './log.ts';
import { type AppendObserver, observeAppends } from './metrics.ts';
import { NatsBus } from './nats-bus.ts';
import type { NatsLink } from './nats-link.ts';
import { payloadOf, pubAckOf, type RawMessage, statusOf } from './nats-wire.ts';
import { remakeOnReconnect } from './remake.ts';
import { requireWord } from './word.ts';

export interface JetStreamLogOptions extends StreamSettings {
  readonly appendTimeoutMs: number;
  readonly pendingMax: number;
  readonly pendingBytesMax: number;
  /** Whether this process makes streams that are missing and changes their limits, or waits until another one did. */
  readonly manage: boolean;
  /** How long the streams are waited for at the start. */
  readonly openTimeoutMs: number;
  readonly observer?: AppendObserver;
}

// When an unanswered append is sent again. A leader election takes 2 to 8 s; a duplicate costs little.
const RETRY_AFTER_MS = 1_000;
// After an answer that says "not now".
const RETRY_SOON_MS = 200;
const SWEEP_MS = 100;
/** Of a question to JetStream about a stream: it gets no answer while there is no leader, and is asked again. */
const API_TIMEOUT_MS = 3_000;
/** At a time. */
const QUESTIONS_MAX = 1_000;
/** Around a header: its first line, its own end and the empty line. */
const HEADER_FRAME_BYTES = 14;
const EMPTY = new Uint8Array(0);
// nats-server's error codes (server/errors.json).
const STORE_FAILED = 10077;
const FULL_CODES = new Set([10002, 10023, 10047, 10122]);
const TRIM_SHARE_OF_WINDOW = 1.1;

/** Of a question about a stream, what is of use here. */
interface InfoAnswer {
  readonly created?: string;
  readonly state?: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
  };
  readonly config?: { readonly max_bytes?: number; readonly num_replicas?: number };
  /** The leader's view of the others; absent without a cluster. */
  readonly cluster?: { readonly leader?: string; readonly replicas?: readonly { readonly current?: boolean }[] };
  readonly error?: { readonly description?: string };
}

function storageOf(bytes: number, { config, cluster }: InfoAnswer): StreamStorage {
  const others = cluster?.replicas ?? [];
  return {
    bytes,
    bytesMax: config?.max_bytes ?? 0,
    replicas: config?.num_replicas ?? 1,
    replicasCurrent: 1 + others.filter(({ current }) => current === true).length,
  };
}

/** Log on JetStream. */
export class JetStreamLog implements Log {
  readonly streams: number;
  readonly #link: NatsLink;
  readonly #manager: JetStreamManager;
  /** For questions that are asked at each login: the client's own way costs several times as much. */
  readonly #api: NatsBus;
  readonly #options: JetStreamLogOptions;
  readonly #window: AppendWindow;
  readonly #observer: AppendObserver;
  readonly #pending = new Set<PendingAppend>();
  readonly #readers = new Set<JetStreamReader>();
  #sweep: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(link: NatsLink, manager: JetStreamManager, options: JetStreamLogOptions) {
    this.streams = options.streams;
    this.#link = link;
    this.#manager = manager;
    this.#api = new NatsBus(link, QUESTIONS_MAX);
    this.#options = options;
    this.#window = new AppendWindow(options);
    this.#observer = options.observer ?? observeAppends(undefined);
    // What was under way may or may not be stored: the ids make sending it again harmless.
    link.onReconnect(() => {
      for (const pending of this.#pending) this.#send(pending);
    });
    link.onClose(() => this.#rejectAll());
  }

  /** @throws LogConfigError when the streams that exist, or the server, do not fit the options */
  static async open(link: NatsLink, options: JetStreamLogOptions): Promise<JetStreamLog> {
    checkServerVersion(link.connection.info?.version ?? '', options.replicas);
    const manager = await jetstreamManager(link.connection, { checkAPI: false, timeout: API_TIMEOUT_MS });
    await ensureStreams(manager, options, options.manage, options.openTimeoutMs);
    if (options.manage) remakeOnReconnect(link, () => ensureStreams(manager, options, true, options.openTimeoutMs));
    return new JetStreamLog(link, manager, options);
  }

  append(user: BareJid, id: string, entry: Uint8Array): Promise<Appended> {
    if (this.#closed || this.#link.isClosed) return Promise.reject(new LogUnavailableError('the log was closed'));
    const { log: subject, partition } = subjectsOf(user);
    requireWord(id);
    const header = `Nats-Msg-Id: ${id}`;
    if (entry.length + header.length + HEADER_FRAME_BYTES > this.#link.payloadBytesMax) {
      throw new RangeError(`an entry of ${entry.length} bytes does not fit in a message`);
    }
    if (!this.#window.enter(entry.length)) {
      this.#observer.failed('busy');
      return Promise.reject(new LogBusyError('too many appends are pending'));
    }
    return new Promise((resolve, reject) => {
      const stream = streamOf(partition, this.streams);
      const pending = new PendingAppend(this, stream, subject, header, entry, resolve, reject);
      pending.token = this.#link.expect(pending);
      this.#pending.add(pending);
      this.#send(pending);
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
    return this.#ask(stream, async (name) => {
      const answer = await this.#api.request(`$JS.API.STREAM.INFO.${name}`, EMPTY, API_TIMEOUT_MS);
      const { created = '', state, error, ...more } = JSON.parse(Buffer.from(answer).toString()) as InfoAnswer;
      if (state === undefined) throw new Error(error?.description ?? 'an answer that says nothing');
      const { messages, bytes, first_seq: first, last_seq: last } = state;
      const storage = storageOf(bytes, more);
      return { stream, createdAtMs: Date.parse(created), first: messages === 0 ? last + 1 : first, last, storage };
    });
  }

  async read(stream: number, from: number): Promise<LogReader> {
    const { createdAtMs } = await this.info(stream);
    const reader = new JetStreamReader(this.#link, this.#manager, stream, from, createdAtMs, () =>
      this.#readers.delete(reader),
    );
    this.#readers.add(reader);
    return reader;
  }

  archived(): void {
    // JetStream has acknowledged and re-published each entry when it committed it.
  }

  async trim(stream: number, before: number): Promise<void> {
    // A restarted server rebuilds its table of ids from what is stored: the duplicate window must stay. Its clock may differ.
    const oldMs = Date.now() - this.#options.duplicateWindowMs * TRIM_SHARE_OF_WINDOW;
    const { first, last } = await this.info(stream);
    const limit = Math.min(before, last + 1);
    const end = await this.#ask(stream, () => firstSequenceSince(this.#manager, stream, first, limit, oldMs));
    if (end > first) await this.#ask(stream, (name) => this.#manager.streams.purge(name, { seq: end }));
  }

  async #ask<T>(stream: number, question: (name: string) => Promise<T>): Promise<T> {
    if (stream < 0 || stream >= this.streams) throw new RangeError(`there is no stream ${stream}`);
    try {
      return await question(streamName(stream));
    } catch (cause) {
      // Policy: no leader, no server, no stream: whatever it is, it may be asked again.
      throw new LogUnavailableError(`stream ${stream}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#rejectAll();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
  }

  /** The answer to one append. */
  acknowledge(pending: PendingAppend, message: RawMessage): void {
    const ack = statusOf(message) === 0 ? pubAckOf(payloadOf(message)) : undefined;
    if (ack === undefined) {
      // No responders: the stream has no leader now. Or it is no acknowledgement: then it says nothing.
      this.#retrySoon(pending, 'the stream has no leader');
      return;
    }
    if ('sequence' in ack) {
      this.#forget(pending);
      if (ack.duplicate && pending.attempts === 1) this.#observer.duplicateAtFirst();
      this.#observer.appended((performance.now() - pending.startedMs) / 1000);
      pending.resolve({ stream: pending.stream, sequence: ack.sequence, duplicate: ack.duplicate });
      return;
    }
    if (isFull(ack.errorCode, ack.description)) {
      this.#forget(pending);
      this.#observer.failed('full');
      pending.reject(new LogFullError(`stream ${pending.stream}: ${ack.description}`));
      return;
    }
    this.#retrySoon(pending, `${ack.errorCode} ${ack.description}`);
  }

  #retrySoon(pending: PendingAppend, why: string): void {
    pending.lastProblem = why;
    pending.retryAtMs = Math.min(pending.retryAtMs, performance.now() + RETRY_SOON_MS);
  }

  #send(pending: PendingAppend): void {
    const link = this.#link;
    pending.attempts++;
    pending.retryAtMs = performance.now() + RETRY_AFTER_MS;
    if (pending.attempts > 1) this.#observer.retried();
    link.outbox.publishWithHeader(pending.subject, link.inboxOf(pending.token), pending.header, pending.entry);
  }

  #forget(pending: PendingAppend): void {
    this.#link.forget(pending.token);
    this.#pending.delete(pending);
    this.#window.leave(pending.entry.length);
  }

  // One timer for all appends instead of one for each.
  readonly #onSweep = (): void => {
    this.#sweep = undefined;
    const nowMs = performance.now();
    for (const pending of this.#pending) {
      if (nowMs - pending.startedMs >= this.#options.appendTimeoutMs) this.#expire(pending);
      else if (nowMs >= pending.retryAtMs && this.#link.outbox.mayRetry) this.#send(pending);
    }
    if (this.#pending.size > 0) this.#sweep = setTimeout(this.#onSweep, SWEEP_MS);
  };

  #expire(pending: PendingAppend): void {
    this.#forget(pending);
    this.#observer.failed('unavailable');
    pending.reject(
      new LogUnavailableError(`stream ${pending.stream} did not acknowledge: ${pending.lastProblem || 'no answer'}`),
    );
  }

  #rejectAll(): void {
    if (this.#sweep !== undefined) clearTimeout(this.#sweep);
    this.#sweep = undefined;
    for (const pending of this.#pending) {
      this.#forget(pending);
      pending.reject(new LogUnavailableError('the log was closed'));
    }
  }
}

class PendingAppend {
  readonly #log: JetStreamLog;
  readonly stream: number;
  readonly subject: string;
  readonly header: string;
  readonly entry: Uint8Array;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
  readonly startedMs = performance.now();
  token = 0;
  attempts = 0;
  retryAtMs = 0;
  lastProblem = '';

  constructor(
    log: JetStreamLog,
    stream: number,
    subject: string,
    header: string,
    entry: Uint8Array,
    resolve: (appended: Appended) => void,
    reject: (error: Error) => void,
  ) {
    this.#log = log;
    this.stream = stream;
    this.subject = subject;
    this.header = header;
    this.entry = entry;
    this.resolve = resolve;
    this.reject = reject;
  }

  onReply(message: RawMessage): void {
    this.#log.acknowledge(this, message);
  }
}

// 10077 is "store failed" with any reason, "maximum bytes exceeded" being the one of `discard: new`.
function isFull(errorCode: number, description: string): boolean {
  return FULL_CODES.has(errorCode) || (errorCode === STORE_FAILED && description.startsWith('maximum '));
}
