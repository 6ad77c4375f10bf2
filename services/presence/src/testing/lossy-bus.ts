import type { Bus, Delivery, Subscription } from '@starling/bus';
import type { Trace } from './trace.ts';

/** A process's own connection to the bus of the others: it can lose what it publishes, and be cut off. */
export class LossyBus implements Bus {
  readonly #bus: Bus;
  readonly #owner: string;
  readonly #trace: Trace;
  #isCut = false;
  /** Whether to lose what is published on this subject. */
  loses: (subject: string) => boolean = () => false;

  constructor(bus: Bus, owner: string, trace: Trace) {
    this.#bus = bus;
    this.#owner = owner;
    this.#trace = trace;
  }

  cut(): void {
    this.#isCut = true;
  }

  publish(subject: string, data: Uint8Array, replyTo?: string): void {
    const isLost = this.#isCut || this.loses(subject);
    this.#trace.message(this.#owner, subject, data, isLost);
    if (!isLost) this.#bus.publish(subject, data, replyTo);
  }

  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    return this.#bus.subscribe(subject, (delivery) => (this.#isCut ? undefined : handler(delivery)), options);
  }

  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.#bus.request(subject, data, timeoutMs);
  }

  flush(): Promise<void> {
    return this.#bus.flush();
  }

  onReconnect(handler: () => void): () => void {
    return this.#bus.onReconnect(handler);
  }

  async close(): Promise<void> {}
}
