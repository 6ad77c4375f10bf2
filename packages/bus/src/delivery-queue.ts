import type { Delivery } from './bus.ts';
import { Fifo } from './fifo.ts';

// Handlers run for at most this many deliveries before sockets and timers get their turn.
const DELIVERIES_A_TURN = 1024;
const QUEUE_MAX = 262_144;
const QUEUE_BYTES_MAX = 256 * 1024 * 1024;

/** Who gets something that was published in his own process. */
export interface Receiver {
  readonly handler: (delivery: Delivery) => void;
  /** False: he has taken his subscription back meanwhile. */
  readonly active: boolean;
}

export interface DeliveryQueueOptions {
  /** Bound of what is published and not yet delivered; behind it everything waiting is dropped and `onOverflow` tells. */
  readonly max?: number | undefined;
  readonly bytesMax?: number | undefined;
  readonly onOverflow: () => void;
  /** Told what a handler threw: a mistake of ours, which must not stop the others. */
  readonly onError: (error: unknown) => void;
}

/** What was published within this process, on its way to those who have subscribed here: in order, and in a later turn. */
export class DeliveryQueue {
  readonly #max: number;
  readonly #bytesMax: number;
  readonly #onOverflow: () => void;
  readonly #onError: (error: unknown) => void;
  readonly #queue = new Fifo<{ to: Receiver; delivery: Delivery }>();
  #bytes = 0;
  #scheduled: NodeJS.Immediate | undefined;
  #idle: (() => void)[] = [];
  /** Messages that were dropped because the queue was full. */
  dropped = 0;

  constructor(options: DeliveryQueueOptions) {
    this.#max = options.max ?? QUEUE_MAX;
    this.#bytesMax = options.bytesMax ?? QUEUE_BYTES_MAX;
    this.#onOverflow = options.onOverflow;
    this.#onError = options.onError;
  }

  get length(): number {
    return this.#queue.length;
  }

  get max(): number {
    return this.#max;
  }

  push(to: Receiver, delivery: Delivery): void {
    this.#queue.push({ to, delivery });
    this.#bytes += delivery.data.length;
    this.#scheduled ??= setImmediate(this.#deliver);
    if (this.#queue.length > this.#max || this.#bytes > this.#bytesMax) this.#overflow();
  }

  /** Resolves when all that was pushed before is delivered. */
  flush(): Promise<void> {
    if (this.#queue.length === 0 && this.#scheduled === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  // What a NATS server does to a subscriber that does not keep up: it loses what waits for it, and is told.
  #overflow(): void {
    this.dropped += this.#queue.length;
    this.#queue.clear();
    this.#bytes = 0;
    setImmediate(this.#onOverflow);
  }

  readonly #deliver = (): void => {
    this.#scheduled = undefined;
    for (let i = 0; i < DELIVERIES_A_TURN; i++) {
      const next = this.#queue.shift();
      if (next === undefined) break;
      const { to, delivery } = next;
      this.#bytes -= delivery.data.length;
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
}
