import type { Bus, Delivery, MemoryBus, Subscription } from '@starling/bus';

/** One process's connection to a bus in process: it can be cut, or the process stopped, without the others noticing. */
export class ProcessBus implements Bus {
  readonly #bus: MemoryBus;
  readonly #waiting: (() => void)[] = [];
  readonly #reconnectHandlers = new Set<() => void>();
  #isPaused = false;
  #isCut = false;
  #isWhispering = false;
  readonly #own = new Map<string, (delivery: Delivery) => void>();

  constructor(bus: MemoryBus) {
    this.#bus = bus;
  }

  /** What arrives waits until the process runs again. */
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    this.#isPaused = false;
    for (const deliver of this.#waiting.splice(0)) deliver();
  }

  /** What is sent and what arrives is lost. */
  cut(): void {
    this.#isCut = true;
  }
  /** What this process sends, only it hears, and it hears nothing else. */
  whisper(): void {
    this.#isWhispering = true;
  }
  /** As before, and nobody says that anything was missed. */
  restore(): void {
    this.#isCut = false;
    this.#isWhispering = false;
  }
  reconnect(): void {
    this.restore();
    for (const handler of this.#reconnectHandlers) handler();
  }

  publish(subject: string, data: Uint8Array, replyTo?: string): void {
    if (this.#isWhispering) this.#own.get(subject)?.({ subject, data, replyTo: '', commit: undefined });
    else if (!this.#isCut) this.#bus.publish(subject, data, replyTo);
  }
  subscribe(subject: string, handler: (delivery: Delivery) => void, options?: { queue?: string }): Subscription {
    this.#own.set(subject, handler);
    return this.#bus.subscribe(
      subject,
      (delivery) => {
        if (this.#isCut || this.#isWhispering) return;
        if (this.#isPaused) this.#waiting.push(() => handler(delivery));
        else handler(delivery);
      },
      options,
    );
  }
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array> {
    return this.#bus.request(subject, data, timeoutMs);
  }
  flush(): Promise<void> {
    return this.#bus.flush();
  }
  onReconnect(handler: () => void): () => void {
    this.#reconnectHandlers.add(handler);
    return () => this.#reconnectHandlers.delete(handler);
  }
  async close(): Promise<void> {}
}
