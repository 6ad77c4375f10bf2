import { setTimeout as sleep } from 'node:timers/promises';
import { Latencies } from './latencies.ts';
import { readCpu, usedBetween } from './meter.ts';
import type { GeneratorLine, Load, WatchedPart, WindowLine } from './orders.ts';
import { pace } from './pacer.ts';

const POLL_MS = 20;
/** For what is under way when a load ends. */
const DRAIN_TIMEOUT_MS = 30_000;
/** Nothing came for so long: nothing more will. */
const SILENCE_MS = 5_000;

export interface LoadOptions {
  readonly loads: readonly Load[];
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly watch: readonly WatchedPart[];
  readonly print: (line: GeneratorLine) => void;
}

/** Counts what is sent, and what arrives at the receivers. */
export class Traffic {
  sent = 0;
  delivered = 0;
  /** Of each that is sent. */
  readonly copies: number;
  readonly #latencies = new Latencies();
  #isRecording = false;

  constructor(copies: number) {
    this.copies = copies;
  }

  /** One copy has arrived. */
  arrived(sentMs: number): void {
    this.delivered++;
    if (this.#isRecording) this.#latencies.add(performance.now() - sentMs);
  }

  /** What the machine did for as long as `work` lasts, and how much arrived meanwhile. */
  async window(load: Load, watch: readonly WatchedPart[], work: () => Promise<unknown>): Promise<WindowLine> {
    this.#latencies.clear();
    const [sentBefore, deliveredBefore, before] = [this.sent, this.delivered, readCpu(watch)];
    this.#isRecording = true;
    await work();
    this.#isRecording = false;
    const [sent, delivered] = [this.sent - sentBefore, this.delivered - deliveredBefore];
    const used = usedBetween(before, readCpu(watch));
    return { kind: 'window', load, sent, delivered, ...used, ...this.#latencies.summary() };
  }

  /** Until everything has arrived, or nothing more comes. */
  async drain(sent: number, delivered: number): Promise<void> {
    const isComplete = () => this.delivered - delivered >= (this.sent - sent) * this.copies;
    const startedMs = performance.now();
    let [last, lastMs] = [this.delivered, startedMs];
    while (!isComplete()) {
      const nowMs = performance.now();
      if (this.delivered !== last) [last, lastMs] = [this.delivered, nowMs];
      if (nowMs - startedMs > DRAIN_TIMEOUT_MS || nowMs - lastMs > SILENCE_MS) return;
      await sleep(POLL_MS);
    }
    // What comes twice would come now.
    await sleep(POLL_MS);
  }
}

/** How a work sends. */
export interface Sender {
  /** One more, by whose turn it is. */
  sendNext(): void;
  /** Sends as many as may be under way; from then on, what arrives sets the next ones off, until what it returns is called. */
  flood(): () => void;
}

/** One load after the other: a warm-up, a window, the rest. */
export async function playLoads(traffic: Traffic, sender: Sender, options: LoadOptions): Promise<void> {
  const { loads, seconds, warmupSeconds, watch, print } = options;
  for (const load of loads) {
    const { sent, delivered, copies } = traffic;
    const stop = load === 'max' ? sender.flood() : pace(load, () => sender.sendNext());
    await sleep(warmupSeconds * 1_000);
    print(await traffic.window(load, watch, () => sleep(seconds * 1_000)));
    stop();
    await traffic.drain(sent, delivered);
    print({
      kind: 'total',
      load,
      sent: traffic.sent - sent,
      copies,
      delivered: traffic.delivered - delivered,
    });
  }
}
