import type { Msg, NatsConnection } from 'nats';
import type { RawMessage } from './nats-wire.ts';
import type { Outbox } from './outbox.ts';
import { requireWord } from './word.ts';

// The only file that reaches into the NATS client, which package.json pins to one exact version; nats-client.test.ts fails when
// an update moves what is used here. Each reach saves more CPU on every message than the rest of the bus costs: bench.ts.

interface ClientMessage {
  readonly _msg: { readonly subject: Uint8Array; readonly reply?: Uint8Array; readonly hdr: number };
  readonly _rdata: Uint8Array;
}

interface Protocol {
  readonly connected: boolean;
  readonly transport?: { readonly socket?: { readonly writableLength: number; pause(): void; resume(): void } };
  readonly subscriptions: { add(subscription: LeanSubscription): void; cancel(subscription: LeanSubscription): void };
  sendCommand(command: Uint8Array): void;
  isClosed(): boolean;
  flush(): Promise<void>;
}

const protocolOf = (connection: NatsConnection) => (connection as unknown as { protocol: Protocol }).protocol;

/** The message's bytes as they were received. They are views of the chunk that was read from the socket. */
export function rawOf(message: Msg): RawMessage {
  const { _msg, _rdata } = message as unknown as ClientMessage;
  return { subject: _msg.subject, reply: _msg.reply, headers: _msg.hdr, bytes: _rdata };
}

/**
 * What the client's table holds of a subscription (lib/protocol.js). The client's own is an iterator of three promises, four times
 * the memory: too much for one that a process has for each of its users. Its lines go with all others of the turn; the client sends those
 * of its whole table whenever it connects.
 */
export abstract class LeanSubscription {
  // Set and read by the client.
  sid = 0;
  received = 0;
  max: number | undefined = undefined;
  readonly subject: string;
  readonly queue: string | undefined;
  readonly #wire: Wire;

  /** @throws TypeError when the subject or the queue is none */
  constructor(wire: Wire, subject: string, queue: string | undefined) {
    // Before the client has it in its table, which it sends as it is.
    requireWord(subject);
    if (queue !== undefined) requireWord(queue);
    this.#wire = wire;
    this.subject = subject;
    this.queue = queue;
    this.#protocol.subscriptions.add(this);
    wire.outbox.command('SUB', [subject, ...(queue === undefined ? [] : [queue]), `${this.sid}`]);
  }

  get #protocol(): Protocol {
    return protocolOf(this.#wire.connection);
  }

  protected abstract onMessage(message: RawMessage): void;
  /** The server does not permit it. */
  protected abstract onRefused(error: Error): void;

  unsubscribe(): void {
    this.#wire.outbox.command('UNSUB', [`${this.sid}`]);
    this.#protocol.subscriptions.cancel(this);
  }

  /** Called by the client. */
  callback(error: Error | null, message: Msg): void {
    if (error) this.onRefused(error);
    else this.onMessage(rawOf(message));
  }

  close(): void {}

  /** What is on its way still comes. */
  async drain(): Promise<void> {
    if (this.#protocol.isClosed()) return;
    this.#wire.outbox.command('UNSUB', [`${this.sid}`]);
    this.#wire.outbox.flush();
    await this.#protocol.flush();
    this.#protocol.subscriptions.cancel(this);
  }
}

/** Where lines go. */
export interface Wire {
  readonly connection: NatsConnection;
  readonly outbox: Outbox;
}

/** Hands finished protocol lines to the client, which writes them at the end of the running microtask queue. */
export function sendCommands(connection: NatsConnection, commands: Uint8Array): void {
  protocolOf(connection).sendCommand(commands);
}

/** Whether what is sent now can reach the server: the client buffers without bound, and then drops, while it is not. */
export function isConnected(connection: NatsConnection): boolean {
  return protocolOf(connection).connected;
}

/** Bytes that the socket has not taken yet. */
export function unsentBytes(connection: NatsConnection): number {
  return protocolOf(connection).transport?.socket?.writableLength ?? 0;
}

/** Stops reading from the server, as a process does whose event loop is stuck; for tests. Returns the undo. */
export function stall(connection: NatsConnection): () => void {
  const socket = protocolOf(connection).transport?.socket;
  socket?.pause();
  return () => socket?.resume();
}
