import { setTimeout as sleep } from 'node:timers/promises';
import type { LeanSession } from '../presence/lean-session.ts';
import { between, oneOf, type Random } from '../random.ts';

const STAY_MS = { min: 200, max: 1_500 } as const;
const AWAY_MS = { min: 100, max: 1_000 } as const;
const RETRY_MS = 200;

/** The ways to leave. */
const LEAVES: readonly ((session: LeanSession) => void)[] = [
  (session) => {
    session.becomeUnavailable();
    session.close();
  },
  (session) => session.close(),
  (session) => session.destroy(),
];

export interface VisitorOptions {
  readonly random: Random;
  /** @throws LoginError */
  readonly logIn: () => Promise<LeanSession>;
  /** His status number now; 0 = not available. */
  readonly onNumber: (number: number) => void;
  readonly onRefused: (reason: string) => void;
}

/** Somebody who comes and goes: logins all the time, also while those are away whom a login needs. */
export class Visitor {
  readonly #options: VisitorOptions;
  #number = 0;
  #round: AbortController | undefined;
  #session: LeanSession | undefined;
  #running: Promise<void> = Promise.resolve();
  #logins = 0;
  #longestMs = 0;
  /** Since when he has been trying to log in. */
  #waitingSinceMs: number | undefined;

  constructor(options: VisitorOptions) {
    this.#options = options;
  }

  begin(): void {
    const round = new AbortController();
    this.#round = round;
    // One login at a time: that of the last round may still be under way.
    this.#running = this.#running.then(() => this.#comeAndGo(round.signal));
  }

  /** Leaves at once; who is still waiting to be let in leaves then, and was never available. */
  pause(): void {
    this.#round?.abort();
    this.#leave();
  }

  close(): void {
    this.pause();
    this.#waitingSinceMs = undefined;
  }

  /** Since the last time. A login that still waits counts as well. */
  report(): { readonly count: number; readonly longestMs: number } {
    const waitingMs = this.#waitingSinceMs === undefined ? 0 : performance.now() - this.#waitingSinceMs;
    const report = { count: this.#logins, longestMs: Math.max(this.#longestMs, waitingMs) };
    this.#logins = 0;
    this.#longestMs = 0;
    return report;
  }

  async #comeAndGo(signal: AbortSignal): Promise<void> {
    const { random, onNumber } = this.#options;
    while (!signal.aborted) {
      const session = await this.#enter(signal);
      if (session === undefined) return;
      this.#session = session;
      session.announce(++this.#number);
      onNumber(this.#number);
      await pause(between(random, STAY_MS.min, STAY_MS.max), signal);
      this.#leave();
      await pause(between(random, AWAY_MS.min, AWAY_MS.max), signal);
    }
  }

  /** Tries until he is in, or it is over. */
  async #enter(signal: AbortSignal): Promise<LeanSession | undefined> {
    const sinceMs = performance.now();
    this.#waitingSinceMs = sinceMs;
    for (; !signal.aborted; await pause(RETRY_MS, signal)) {
      try {
        const session = await this.#options.logIn();
        this.#logins++;
        this.#longestMs = Math.max(this.#longestMs, performance.now() - sinceMs);
        this.#waitingSinceMs = undefined;
        if (!signal.aborted) return session;
        session.destroy();
        return undefined;
      } catch (error) {
        // Policy: what a login needs is away for now; how long that takes is what is measured.
        if (!signal.aborted) this.#options.onRefused(String(error));
      }
    }
    this.#waitingSinceMs = undefined;
    return undefined;
  }

  #leave(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    this.#options.onNumber(0);
    oneOf(this.#options.random, LEAVES)(session);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Policy: it is over, which the caller sees.
  }
}
