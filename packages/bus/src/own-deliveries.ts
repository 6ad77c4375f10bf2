import type { Delivery } from './bus.ts';
import { DeliveryQueue, type DeliveryQueueOptions, type Receiver } from './delivery-queue.ts';
import { SubjectTable } from './subject-table.ts';

/** A subscription, as far as it gets what its own process publishes. */
export interface OwnSubscription extends Receiver {
  readonly subject: string;
}

/**
 * What a process publishes and has subscribed to itself: it is delivered here, and the server, which gets it for all others, does not
 * send it back (CONNECT's `echo: false`). No parse, no way through the kernel, and no wait for the server.
 */
export class OwnDeliveries {
  readonly #subscriptions = new SubjectTable<OwnSubscription>();
  readonly #queue: DeliveryQueue;
  /** Messages that were delivered without the server. */
  delivered = 0;

  constructor(options: DeliveryQueueOptions) {
    this.#queue = new DeliveryQueue(options);
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  /** Messages that wait for their turn, against the bound. */
  get waiting(): number {
    return this.#queue.length;
  }
  get waitingMax(): number {
    return this.#queue.max;
  }

  add(subscription: OwnSubscription): void {
    this.#subscriptions.add(subscription.subject, subscription);
  }

  remove(subscription: OwnSubscription): void {
    this.#subscriptions.remove(subscription.subject, subscription);
  }

  /** @returns whether anybody here gets it */
  publish(subject: string, data: Uint8Array, replyTo: string): boolean {
    let delivery: Delivery | undefined;
    this.#subscriptions.forEach(subject, (subscription) => {
      delivery ??= { subject, data, replyTo, commit: undefined };
      this.deliver(subscription, delivery);
    });
    return delivery !== undefined;
  }

  /** To one receiver, in a later turn. */
  deliver(to: Receiver, delivery: Delivery): void {
    this.delivered++;
    this.#queue.push(to, delivery);
  }

  /** Resolves when all that was published before is delivered. */
  flush(): Promise<void> {
    return this.#queue.flush();
  }
}
