import type { Clock } from '../clock.ts';

interface Timer {
  dueMs: number;
  readonly intervalMs: number | undefined;
  readonly work: () => void;
}

/** Time that a test moves, the same for all processes of its world. */
export class FakeTime {
  nowMs = 1_000;
  readonly #clocks: FakeClock[] = [];

  /** The clock of one process. */
  clock(): FakeClock {
    const clock = new FakeClock(this);
    this.#clocks.push(clock);
    return clock;
  }

  /** Moves on step by step; after each step everything that has begun comes to its end. */
  async pass(ms: number, stepMs = 10): Promise<void> {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + stepMs);
      for (const clock of this.#clocks) clock.run();
      await settle();
    }
  }
}

const TURNS = 6;

/** Lets deliveries and answers in process come to their end. */
export async function settle(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock implements Clock {
  readonly #time: FakeTime;
  readonly #timers = new Set<Timer>();
  /** A stopped process: its timers do not run. Its clock goes on, as a monotonic clock does. */
  isPaused = false;

  constructor(time: FakeTime) {
    this.#time = time;
  }

  nowMs(): number {
    return this.#time.nowMs;
  }
  every(intervalMs: number, work: () => void): () => void {
    return this.#add({ dueMs: this.nowMs() + intervalMs, intervalMs, work });
  }
  after(delayMs: number, work: () => void): () => void {
    return this.#add({ dueMs: this.nowMs() + delayMs, intervalMs: undefined, work });
  }

  /** Runs what is due; an interval that missed several turns runs once, as Node's do. */
  run(): void {
    if (this.isPaused) return;
    for (const timer of [...this.#timers]) {
      if (timer.dueMs > this.nowMs() || !this.#timers.has(timer)) continue;
      if (timer.intervalMs === undefined) this.#timers.delete(timer);
      else timer.dueMs = this.nowMs() + timer.intervalMs;
      timer.work();
    }
  }

  #add(timer: Timer): () => void {
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
