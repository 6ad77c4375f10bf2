import type { Bus, Commit, Delivery, Subscription } from './bus.ts';
import { BusBusyError, BusClosedError, NoRespondersError, RequestTimeoutError } from './bus.ts';
import { Fifo } from './fifo.ts';
import type { CallObserver } from './metrics.ts';
import { SubjectTable } from './subject-table.ts';

// Handlers run for at most this many deliveries before sockets and timers get their turn.
const DELIVERIES_A_TURN = 1024;

export interface MemoryBusOptions {
  /** Bound of what is published and not yet delivered; behind it everything waiting is dropped and `onReconnect` tells. */
  readonly queueMax?: number;
  readonly queueBytesMax?: number;
  /** Bound of the table of open requests. */
  readonly requestsMax?: number;
  /** Told what a handler threw: a mistake of ours, which must not stop the bus. */
  readonly onError?: (error: unknown) => void;
}

interface Member {
  readonly subject: string;
  readonly queue: string | undefined;
  readonly handler: (delivery: Delivery) => void;
  active: boolean;
}

interface OpenRequest {
  readonly resolve: (reply: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Bus within one process, with the semantics of core NATS: at most once, in order, delivered in a later turn. */
export class MemoryBus implements Bus {
  calls: CallObserver | undefined;
  readonly #members = new SubjectTable<Member>();
  readonly #requests = new Map<string, OpenRequest>();
  readonly #reconnectHandlers = new Set<() => void>();
  readonly #queueMax: number;
  readonly #queueBytesMax: number;
  readonly #requestsMax: number;
  readonly #onError: (error: unknown) => void;
  readonly #queue = new Fifo<{ to: Member; delivery: Delivery }>();
  #queuedBytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #lastReply = 0;
  #nextOfGroup = 0;
  #closed = false;
  #idle: (() => void)[] = [];
  /** Messages that were dropped because the queue was full. */
  dropped = 0;

  constructor(options: MemoryBusOptions = {}) {
    this.#queueMax = options.queueMax ?? 262_144;
    this.#queueBytesMax = options.queueBytesMax ?? 256 * 1024 * 1024;
    this.#requestsMax = options.requestsMax ?? 16_384;
    this.#onError = options.onError ?? (() => {});
  }

  get openRequests(): number {
    return this.#requests.size;
  }

  get requestsMax(): number {
    return this.#requestsMax;
  }

  publish(subject: string, data: Uint8Array, replyTo = ''): void {
    if (this.#closed) return;
    const request = this.#requests.get(subject);
    if (request) this.#settle(subject, request, data);
    else if (this.#enqueue(subject, data, replyTo, undefined) === 0 && replyTo !== '') this.#noResponders(replyTo);
  }

  /** Publishes a committed log entry, as a stream does. */
  republish(subject: string, data: Uint8Array, commit: Commit): void {
    if (!this.#closed) this.#enqueue(subject, data, '', commit);
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    const member: Member = { subject, queue: options?.queue, handler, active: true };
    this.#members.add(subject, member);
    return {
      unsubscribe: () => {
        member.active = false;
        this.#members.remove(subject, member);
      },
    };
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    if (this.#closed) return Promise.reject(new BusClosedError(subject));
    if (this.#requests.size >= this.#requestsMax) return Promise.reject(new BusBusyError(subject));
    return new Promise((resolve, reject) => {
      const replyTo = `_INBOX.${++this.#lastReply}`;
      const timer = setTimeout(() => {
        this.#requests.delete(replyTo);
        reject(new RequestTimeoutError(subject));
      }, timeoutMs);
      this.#requests.set(replyTo, { resolve, reject, timer });
      if (this.#enqueue(subject, data, replyTo, undefined) === 0) this.#noResponders(replyTo, subject);
    });
  }

  flush(): Promise<void> {
    if (this.#queue.length === 0 && this.#scheduled === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  onReconnect(handler: () => void): () => void {
    this.#reconnectHandlers.add(handler);
    return () => this.#reconnectHandlers.delete(handler);
  }

  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    for (const [replyTo, { reject, timer }] of this.#requests) {
      clearTimeout(timer);
      this.#requests.delete(replyTo);
      reject(new BusClosedError('the bus was closed'));
    }
  }

  /** Says what a NATS bus says when its connection came back; for tests, and after the queue was full. */
  announceLoss(): void {
    for (const handler of this.#reconnectHandlers) handler();
  }

  // How many will get it. Of a queue group one member does: each in its turn.
  #enqueue(subject: string, data: Uint8Array, replyTo: string, commit: Commit | undefined): number {
    const delivery: Delivery = { subject, data, replyTo, commit };
    let reached = 0;
    let groups: Map<string, Member[]> | undefined;
    this.#members.forEach(subject, (member) => {
      if (member.queue === undefined) {
        reached++;
        this.#push(member, delivery);
        return;
      }
      groups ??= new Map();
      const group = groups.get(member.queue);
      if (group) group.push(member);
      else groups.set(member.queue, [member]);
    });
    if (groups === undefined) return reached;
    for (const group of groups.values()) {
      reached++;
      this.#push(group[this.#nextOfGroup++ % group.length] as Member, delivery);
    }
    return reached;
  }

  #push(to: Member, delivery: Delivery): void {
    this.#queue.push({ to, delivery });
    this.#queuedBytes += delivery.data.length;
    this.#scheduled ??= setImmediate(this.#deliver);
    if (this.#queue.length > this.#queueMax || this.#queuedBytes > this.#queueBytesMax) this.#overflow();
  }

  // What a NATS server does to a subscriber that does not keep up: it loses what waits for it, and is told.
  #overflow(): void {
    this.dropped += this.#queue.length;
    this.#queue.clear();
    this.#queuedBytes = 0;
    setImmediate(() => this.announceLoss());
  }

  readonly #deliver = (): void => {
    this.#scheduled = undefined;
    for (let i = 0; i < DELIVERIES_A_TURN; i++) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      const { to, delivery } = next;
      this.#queuedBytes -= delivery.data.length;
      if (!to.active) continue;
      try {
        to.handler(delivery);
      } catch (error) {
        // Policy: a handler must not throw; when one does, the others still get their messages.
        this.#onError(error);
      }
    }
    if (this.#queue.length > 0) {
      this.#scheduled ??= setImmediate(this.#deliver);
      return;
    }
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  };

  #settle(replyTo: string, request: OpenRequest, data: Uint8Array): void {
    clearTimeout(request.timer);
    this.#requests.delete(replyTo);
    request.resolve(data);
  }

  #noResponders(replyTo: string, subject = ''): void {
    const request = this.#requests.get(replyTo);
    if (request === undefined) return;
    clearTimeout(request.timer);
    this.#requests.delete(replyTo);
    request.reject(new NoRespondersError(subject));
  }
}
