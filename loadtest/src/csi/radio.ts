/** What comes to a phone: bytes, and how often its radio has to wake up for them. */
export class Radio {
  readonly #tailMs: number;
  readonly #clock: () => number;
  bytes = 0;
  wakeUps = 0;
  #heardAtMs = Number.NEGATIVE_INFINITY;

  /** @param tailMs so long it stays awake behind the last byte */
  constructor(tailMs: number, clock: () => number = () => performance.now()) {
    this.#tailMs = tailMs;
    this.#clock = clock;
  }

  hear(text: string): void {
    const now = this.#clock();
    if (now - this.#heardAtMs > this.#tailMs) this.wakeUps++;
    this.#heardAtMs = now;
    this.bytes += Buffer.byteLength(text);
  }

  reset(): void {
    this.bytes = 0;
    this.wakeUps = 0;
    this.#heardAtMs = Number.NEGATIVE_INFINITY;
  }
}
