import { readFileSync } from 'node:fs';
import { AuthorizationError, type ConnectionOptions, connect, createInbox, type NatsConnection } from 'nats';
import type { Receiver } from './delivery-queue.ts';
import { rawOf } from './nats-client.ts';
import { numberAtEnd, type RawMessage } from './nats-wire.ts';
import { Outbox } from './outbox.ts';
import { OwnDeliveries } from './own-deliveries.ts';

// A half-open connection is found after two of these, not after the client's default of four minutes.
const PING_INTERVAL_MS = 3_000;
const PINGS_OUT_MAX = 2;
const RECONNECT_WAIT_MS = 250;
const RECONNECT_JITTER_MS = 250;
const DIAL_TIMEOUT_MS = 5_000;
const DRAIN_DEADLINE_MS = 5_000;
/** What may wait in the socket before messages that are at most once are dropped. */
const BACKLOG_BYTES_MAX = 64 * 1024 * 1024;

export interface NatsLinkOptions {
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  /** Path of the certificate authority's PEM file; '' = the system's, or no TLS when the server does not ask for it. */
  readonly tlsCaFile?: string;
  /** Seen in `nats server report connections`. */
  readonly name?: string;
  /** How long the first connection may take. */
  readonly connectTimeoutMs?: number;
  /** The server sends back what this process publishes and has subscribed to; else it is delivered here. Default true. */
  readonly echo?: boolean;
  readonly onEvent?: (event: LinkEvent) => void;
}

export type LinkEvent =
  | { readonly what: 'bus_disconnected' | 'bus_reconnected'; readonly server: string }
  | { readonly what: 'bus_failed' | 'bus_handler_failed'; readonly error: unknown };

/** Who waits for an answer in the inbox. */
export interface ReplyTarget {
  onReply(message: RawMessage): void;
}

/** One connection of one process: its outbox, and the one inbox on which all answers arrive. */
export class NatsLink {
  readonly connection: NatsConnection;
  readonly outbox: Outbox;
  /** Present when the server sends nothing of its own back. */
  readonly own: OwnDeliveries | undefined;
  readonly #onEvent: (event: LinkEvent) => void;
  readonly #inboxPrefix: string;
  readonly #inbox: string;
  readonly #waiting = new Map<number, ReplyTarget>();
  readonly #reconnectHandlers = new Set<() => void>();
  readonly #closeHandlers = new Set<() => void>();
  #lastToken = 0;
  #closed: Promise<void> | undefined;

  private constructor(connection: NatsConnection, inboxPrefix: string, options: NatsLinkOptions) {
    this.connection = connection;
    this.#onEvent = options.onEvent ?? (() => {});
    if (options.echo === false)
      this.own = new OwnDeliveries({
        onOverflow: () => this.#tellLoss(),
        onError: (error) => this.reportMistake(error),
      });
    this.outbox = new Outbox(connection, BACKLOG_BYTES_MAX);
    this.#inboxPrefix = inboxPrefix;
    this.#inbox = `${createInbox(inboxPrefix)}.`;
    connection.subscribe(`${this.#inbox}*`, {
      callback: (error, message) => {
        if (error) this.report(error);
        else this.#dispatch(rawOf(message));
      },
    });
    void this.#watch();
  }

  /** @throws the client's error when no server took the connection within connectTimeoutMs */
  static async open(options: NatsLinkOptions): Promise<NatsLink> {
    const inboxPrefix = inboxPrefixOf(options.user ?? '');
    const settings = connectionOptions(options, inboxPrefix);
    const deadlineMs = Date.now() + (options.connectTimeoutMs ?? 0);
    for (;;) {
      try {
        return new NatsLink(await connect(settings), inboxPrefix, options);
      } catch (error) {
        // Policy: a server that is not up yet is waited for, a wrong password is not; the last error goes to the caller.
        if (Date.now() >= deadlineMs || error instanceof AuthorizationError) throw error;
        await new Promise((resolve) => setTimeout(resolve, RECONNECT_WAIT_MS));
      }
    }
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** The largest message that the server takes, headers included. */
  get payloadBytesMax(): number {
    return this.connection.info?.max_payload ?? 1024 * 1024;
  }

  /** Registers who gets what arrives on `inboxOf(token)`, until `forget(token)`. */
  expect(target: ReplyTarget): number {
    const token = ++this.#lastToken;
    this.#waiting.set(token, target);
    return token;
  }

  inboxOf(token: number): string {
    return this.#inbox + token;
  }

  forget(token: number): void {
    this.#waiting.delete(token);
  }

  /** A subject of this process's own, for what needs a subscription of its own. */
  newInbox(): string {
    return createInbox(this.#inboxPrefix);
  }

  onReconnect(handler: () => void): () => void {
    this.#reconnectHandlers.add(handler);
    return () => this.#reconnectHandlers.delete(handler);
  }

  onClose(handler: () => void): void {
    this.#closeHandlers.add(handler);
  }

  /** The server refused something, a permission for example. */
  report(error: unknown): void {
    this.#onEvent({ what: 'bus_failed', error });
  }

  /** A handler threw: a mistake of ours. */
  reportMistake(error: unknown): void {
    this.#onEvent({ what: 'bus_handler_failed', error });
  }

  /** An answer of this process to itself: the server would not send it back. False: it is for somebody else. */
  answers(subject: string, data: Uint8Array): boolean {
    if (this.own === undefined || !subject.startsWith(this.#inbox)) return false;
    this.own.deliver(this.#ownAnswers, { subject, data, replyTo: '', commit: undefined });
    return true;
  }

  async flush(): Promise<void> {
    this.outbox.flush();
    await Promise.all([this.connection.flush(), this.own?.flush()]);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const handler of this.#closeHandlers) handler();
    this.outbox.close();
    await this.own?.flush();
    let deadline: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      deadline = setTimeout(resolve, DRAIN_DEADLINE_MS);
    });
    // Policy: a drain that fails or hangs, as it does while the server is away, ends in a plain close.
    await Promise.race([this.connection.drain().catch(() => {}), late]);
    clearTimeout(deadline);
    await this.connection.close().catch(() => {});
  }

  #tellLoss(): void {
    for (const handler of this.#reconnectHandlers) handler();
  }

  readonly #ownAnswers: Receiver = {
    active: true,
    handler: ({ subject, data }) =>
      this.#dispatch({ subject: Buffer.from(subject, 'latin1'), reply: undefined, headers: -1, bytes: data }),
  };

  #dispatch(message: RawMessage): void {
    const target = this.#waiting.get(numberAtEnd(message.subject));
    if (target === undefined) return; // an answer that nobody waits for any more
    try {
      target.onReply(message);
    } catch (error) {
      // Policy: a throw here would end the client's read loop; it is a mistake of ours, so it is reported.
      this.reportMistake(error);
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.connection.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#onEvent({ what: 'bus_disconnected', server: status.server });
          break;
        case 'reconnect':
          this.#onEvent({ what: 'bus_reconnected', server: status.server });
          this.#tellLoss();
          break;
        case 'error':
          this.report(status.error);
          break;
        default:
      }
    }
  }
}

/** Inboxes are per role, so that a role's permissions can keep it from reading the answers to others (infra/nats). */
export function inboxPrefixOf(user: string): string {
  return `_INBOX_${user.replace(/[^A-Za-z0-9_-]/g, '')}`;
}

function connectionOptions(options: NatsLinkOptions, inboxPrefix: string): ConnectionOptions {
  return {
    servers: [...options.servers],
    name: options.name ?? 'starling',
    inboxPrefix,
    noEcho: options.echo === false,
    timeout: DIAL_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: PINGS_OUT_MAX,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    // A rolled password must not end a process that runs well.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(options.user ? { user: options.user, pass: options.password ?? '' } : {}),
    ...(options.tlsCaFile ? { tls: { ca: readFileSync(options.tlsCaFile, 'utf8') } } : {}),
  };
}
