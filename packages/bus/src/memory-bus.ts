import type { Bus, Commit, Delivery, Subscription } from './bus.ts';
import { BusBusyError, BusClosedError, NoRespondersError, RequestTimeoutError } from './bus.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { CallObserver } from './metrics.ts';
import { SubjectTable } from './subject-table.ts';
import { requireWord } from './word.ts';

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
  readonly #requestsMax: number;
  readonly #queue: DeliveryQueue;
  #lastReply = 0;
  #nextOfGroup = 0;
  #closed = false;

  constructor(options: MemoryBusOptions = {}) {
    this.#requestsMax = options.requestsMax ?? 16_384;
    this.#queue = new DeliveryQueue({
      max: options.queueMax,
      bytesMax: options.queueBytesMax,
      onOverflow: () => this.announceLoss(),
      onError: options.onError ?? (() => {}),
    });
  }

  /** Messages that were dropped because too many waited. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  get openRequests(): number {
    return this.#requests.size;
  }

  get requestsMax(): number {
    return this.#requestsMax;
  }

  publish(subject: string, data: Uint8Array, replyTo = ''): void {
    if (this.#closed) return;
    requireWord(subject);
    const request = this.#requests.get(subject);
    if (request) this.#settle(subject, request, data);
    else if (this.#enqueue(subject, data, replyTo, undefined) === 0 && replyTo !== '') this.#noResponders(replyTo);
  }

  /** Publishes a committed log entry, as a stream does. */
  republish(subject: string, data: Uint8Array, commit: Commit): void {
    if (!this.#closed) this.#enqueue(subject, data, '', commit);
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    requireWord(subject);
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
    requireWord(subject);
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
    return this.#queue.flush();
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
        this.#queue.push(member, delivery);
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
      this.#queue.push(group[this.#nextOfGroup++ % group.length] as Member, delivery);
    }
    return reached;
  }

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
