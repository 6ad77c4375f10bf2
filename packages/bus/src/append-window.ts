/** Bounds of the table of pending appends. */
export interface PendingLimits {
  readonly pendingMax: number;
  readonly pendingBytesMax: number;
}

// Owners stop reading at three quarters, so that what they have read already still finds room, and go on at a half.
const CONGESTED_SHARE = 0.75;
const DRAINED_SHARE = 0.5;

/** Counts pending appends against their bounds, and tells when their owner should stop reading and may go on. */
export class AppendWindow {
  readonly #limits: PendingLimits;
  #count = 0;
  #bytes = 0;
  #drainHandlers: (() => void)[] = [];
  congested = false;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room; if so it is taken, and `leave` gives it back. */
  enter(bytes: number): boolean {
    const { pendingMax, pendingBytesMax } = this.#limits;
    // One entry always fits, however large.
    if (this.#count > 0 && (this.#count >= pendingMax || this.#bytes + bytes > pendingBytesMax)) return false;
    this.#count++;
    this.#bytes += bytes;
    if (this.#count >= pendingMax * CONGESTED_SHARE || this.#bytes >= pendingBytesMax * CONGESTED_SHARE) {
      this.congested = true;
    }
    return true;
  }

  leave(bytes: number): void {
    const { pendingMax, pendingBytesMax } = this.#limits;
    this.#count--;
    this.#bytes -= bytes;
    if (!this.congested) return;
    if (this.#count > pendingMax * DRAINED_SHARE || this.#bytes > pendingBytesMax * DRAINED_SHARE) return;
    this.congested = false;
    const handlers = this.#drainHandlers;
    this.#drainHandlers = [];
    for (const handler of handlers) handler();
  }

  /** Calls back once, when `congested` turns false; at once when it is. */
  onDrained(handler: () => void): void {
    if (this.congested) this.#drainHandlers.push(handler);
    else queueMicrotask(handler);
  }
}
