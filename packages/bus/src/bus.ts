import type { Method } from '@starling/contracts';
import type { CallObserver } from './metrics.ts';

/**
 * What tells a committed log entry on a live subject from anything else that is published there. Entries arrive in the order of their
 * sequence, save for losses, and save for nats-server 2.9, where an entry may overtake the one before it by a moment (measured: 1 in 300
 * of one user, 8 connections appending as fast as they can).
 */
export interface Commit {
  /** Number of the stream (`M<s>`). */
  readonly stream: number;
  readonly sequence: number;
  /** Sequence of the entry before it on the same subject; 0 when there is none, also after a trim. */
  readonly previous: number;
}

/**
 * One message, as a subscriber gets it. `data` is never written to again, neither by the bus nor by the subscribers, who may share
 * it; it may be a view of a larger piece of memory, which it holds.
 */
export interface Delivery {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Where an answer goes; '' when none is wanted. */
  readonly replyTo: string;
  /** Present when the message is the re-publication of a committed log entry. */
  readonly commit: Commit | undefined;
}

export interface Subscription {
  unsubscribe(): void;
}

/**
 * At most once, in order per publisher and subject. Publishing never blocks and never throws for the network's sake: what is
 * published while the connection is away may be lost, and `onReconnect` says so. A subject that is none, as with a space or a letter outside
 * of ASCII, is refused by a TypeError (word.ts).
 */
export interface Bus {
  /** `data` must not be written to afterwards: in process it is not copied. @throws RangeError for more than a message holds */
  publish(subject: string, data: Uint8Array, replyTo?: string): void;
  /** Handlers run one message at a time; they must not throw. With `queue`, one member of the group gets each message. */
  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription;
  /**
   * @throws NoRespondersError at once when nobody subscribes, RequestTimeoutError after timeoutMs,
   * BusBusyError when the bounded table of open requests is full, BusClosedError
   */
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** Resolves when the server has seen all that was published and subscribed before. */
  flush(): Promise<void>;
  /** Called after the connection came back: anything may have been missed meanwhile. Returns the undo. */
  onReconnect(handler: () => void): () => void;
  /** Counts the requests of `call` and `serve`; absent: nobody does. */
  readonly calls?: CallObserver | undefined;
  /** Delivers what is under way, then closes. */
  close(): Promise<void>;
}

export class NoRespondersError extends Error {
  override readonly name = 'NoRespondersError';
}
export class RequestTimeoutError extends Error {
  override readonly name = 'RequestTimeoutError';
}
export class BusBusyError extends Error {
  override readonly name = 'BusBusyError';
}
export class BusClosedError extends Error {
  override readonly name = 'BusClosedError';
}

/** A request that the service answered with an error: a condition of RFC 6120 §8.3.3. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly condition: string;
  constructor(condition: string, text = '', options?: { cause?: unknown }) {
    super(text || condition, options);
    this.condition = condition;
  }
}

export type Handler<Request, Reply> = (request: Request) => Promise<Reply>;
export type { Method };
