import type { Bus, Delivery, Subscription } from './bus.ts';
import { BusBusyError, BusClosedError, NoRespondersError, RequestTimeoutError } from './bus.ts';
import type { CallObserver } from './metrics.ts';
import { LeanSubscription } from './nats-client.ts';
import type { NatsLink } from './nats-link.ts';
import { asciiOf, commitOf, payloadOf, type RawMessage, statusOf } from './nats-wire.ts';
import type { OwnSubscription } from './own-deliveries.ts';
import { requireWord } from './word.ts';

const NO_RESPONDERS = 503;

/** Bus on core NATS. */
export class NatsBus implements Bus {
  calls: CallObserver | undefined;
  readonly link: NatsLink;
  readonly #requestsMax: number;
  readonly #open = new Set<OpenRequest>();

  /** @param requestsMax bound of the table of open requests */
  constructor(link: NatsLink, requestsMax: number) {
    this.link = link;
    this.#requestsMax = requestsMax;
    link.onClose(() => this.#failAll(new BusClosedError('the bus was closed')));
    // What was asked over the lost connection is not answered any more: whoever asked may ask again now, not after his time.
    link.onReconnect(() => this.#failAll(new RequestTimeoutError('the connection was lost')));
  }

  get openRequests(): number {
    return this.#open.size;
  }

  /** What may be in the table of those. */
  get requestsMax(): number {
    return this.#requestsMax;
  }

  /** Messages at most once that were dropped: no connection, a server that does not keep up, or this process itself. */
  get dropped(): number {
    return this.link.outbox.dropped + (this.link.own?.dropped ?? 0);
  }

  publish(subject: string, data: Uint8Array, replyTo = ''): void {
    if (this.link.isClosed) return;
    if (data.length > this.link.payloadBytesMax) throw new RangeError(`${data.length} bytes do not fit in a message`);
    if (this.link.answers(subject, data)) return;
    this.link.outbox.publish(subject, replyTo, data);
    this.link.own?.publish(subject, data, replyTo);
  }

  /** @throws TypeError for a queue group where the server sends nothing back: it does not know then whose turn it is */
  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    if (this.link.own !== undefined && options?.queue !== undefined)
      throw new TypeError('a process that gets nothing back from the server is in no queue group');
    return new BusSubscription(this.link, subject, options?.queue, handler);
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    const { link } = this;
    if (link.isClosed) return Promise.reject(new BusClosedError(subject));
    if (this.#open.size >= this.#requestsMax) return Promise.reject(new BusBusyError(subject));
    if (data.length > link.payloadBytesMax) throw new RangeError(`${data.length} bytes do not fit in a message`);
    requireWord(subject);
    return new Promise((resolve, reject) => {
      const request = new OpenRequest(link, this.#open, subject, timeoutMs, resolve, reject);
      const replyTo = link.inboxOf(request.token);
      link.outbox.publish(subject, replyTo, data);
      request.isHeardHere = link.own?.publish(subject, data, replyTo) ?? false;
    });
  }

  flush(): Promise<void> {
    return this.link.flush();
  }

  onReconnect(handler: () => void): () => void {
    return this.link.onReconnect(handler);
  }

  close(): Promise<void> {
    return this.link.close();
  }

  #failAll(error: Error): void {
    for (const request of this.#open) request.fail(error);
  }
}

class BusSubscription extends LeanSubscription implements Subscription, OwnSubscription {
  /** Of what comes from the server, and from this process itself. */
  readonly handler: (delivery: Delivery) => void;
  active = true;
  readonly #link: NatsLink;
  /** The subject of what comes is known: no need to decode it again and again. */
  readonly #isExact: boolean;

  constructor(link: NatsLink, subject: string, queue: string | undefined, handler: (delivery: Delivery) => void) {
    super(link, subject, queue);
    this.#link = link;
    this.handler = handler;
    this.#isExact = !/[*>]/.test(subject);
    link.own?.add(this);
  }

  override unsubscribe(): void {
    this.active = false;
    this.#link.own?.remove(this);
    if (!this.#link.isClosed) super.unsubscribe();
  }

  protected onRefused(error: Error): void {
    this.#link.report(error);
  }

  protected onMessage(raw: RawMessage): void {
    try {
      this.handler({
        subject: this.#isExact ? this.subject : asciiOf(raw.subject),
        data: payloadOf(raw),
        replyTo: asciiOf(raw.reply),
        commit: commitOf(raw),
      });
    } catch (error) {
      // Policy: a throw here would end the client's read loop; it is a mistake of ours, so it is reported.
      this.#link.reportMistake(error);
    }
  }
}

class OpenRequest {
  readonly token: number;
  /** Somebody in this process may answer, of whom the server does not know. */
  isHeardHere = false;
  readonly #link: NatsLink;
  readonly #open: Set<OpenRequest>;
  readonly #subject: string;
  readonly #timer: NodeJS.Timeout;
  readonly #resolve: (reply: Uint8Array) => void;
  readonly #reject: (error: Error) => void;

  constructor(
    link: NatsLink,
    open: Set<OpenRequest>,
    subject: string,
    timeoutMs: number,
    resolve: (reply: Uint8Array) => void,
    reject: (error: Error) => void,
  ) {
    this.#link = link;
    this.#open = open;
    this.#subject = subject;
    this.#resolve = resolve;
    this.#reject = reject;
    this.token = link.expect(this);
    this.#timer = setTimeout(expire, timeoutMs, this);
    open.add(this);
  }

  onReply(message: RawMessage): void {
    if (statusOf(message) === NO_RESPONDERS) {
      if (this.isHeardHere) return;
      this.fail(new NoRespondersError(this.#subject));
      return;
    }
    this.#end();
    this.#resolve(payloadOf(message));
  }

  expire(): void {
    this.fail(new RequestTimeoutError(this.#subject));
  }

  fail(error: Error): void {
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#link.forget(this.token);
    this.#open.delete(this);
  }
}

function expire(request: OpenRequest): void {
  request.expire();
}
