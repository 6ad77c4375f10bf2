import type { Session } from '@starling/feature-api';
import { TimerWheel } from './timer-wheel.ts';

const TICK_MIN_MS = 20;
const TICK_MAX_MS = 1_000;
/** Ticks in the shorter one of interval and timeout. */
const TICKS_SHARE = 4;
/** A tick that is later than so many has slept: what has come meanwhile is not read yet. */
const AWAY_TICKS = 3;

/** What a watch knows of one session; times are of performance.now(). */
export type Heard = Pick<Session, 'heardAt'>;

export interface SilenceOptions<S extends Heard> {
  /** So long a session may be silent before it is asked for a sign of life. */
  readonly intervalMs: number;
  /** So long it may be silent after that. */
  readonly timeoutMs: number;
  readonly ping: (session: S) => void;
  readonly giveUp: (session: S) => void;
}

/** Asks sessions that are silent for a sign of life, and gives up those that stay silent. One timer for all of them. */
export class SilenceWatch<S extends Heard> {
  readonly tickMs: number;
  readonly #options: SilenceOptions<S>;
  readonly #wheel: TimerWheel<S>;
  /** When those were asked that have not been heard since. */
  readonly #asked = new Map<S, number>();
  #lastTick = 0;
  /** Nobody's silence counts before this. */
  #awakeSince = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SilenceOptions<S>) {
    const { intervalMs, timeoutMs } = options;
    const shorter = Math.min(intervalMs, timeoutMs);
    this.tickMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, Math.floor(shorter / TICKS_SHARE)));
    this.#options = options;
    this.#wheel = new TimerWheel(Math.ceil(Math.max(intervalMs, timeoutMs) / this.tickMs) + 1);
  }

  add(session: S): void {
    this.#schedule(session, this.#options.intervalMs);
    if (this.#timer !== undefined) return;
    this.#lastTick = performance.now();
    this.#timer = setInterval(() => this.tick(performance.now()), this.tickMs);
    this.#timer.unref();
  }

  remove(session: S): void {
    this.#wheel.remove(session);
    this.#asked.delete(session);
    if (this.#wheel.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The timer calls this. */
  tick(now: number): void {
    if (now - this.#lastTick > AWAY_TICKS * this.tickMs) this.#awakeSince = now;
    this.#lastTick = now;
    for (const session of this.#wheel.tick()) this.#look(session, now);
  }

  #look(session: S, now: number): void {
    const { intervalMs, timeoutMs, ping, giveUp } = this.#options;
    const asked = this.#asked.get(session);
    if (asked !== undefined && session.heardAt <= asked) {
      const left = Math.max(asked, this.#awakeSince) + timeoutMs - now;
      if (left > 0) this.#schedule(session, left);
      else giveUp(session);
      return;
    }
    this.#asked.delete(session);
    const left = session.heardAt + intervalMs - now;
    this.#schedule(session, left > 0 ? left : timeoutMs);
    if (left > 0) return;
    this.#asked.set(session, now);
    ping(session);
  }

  #schedule(session: S, delayMs: number): void {
    this.#wheel.schedule(session, Math.ceil(delayMs / this.tickMs));
  }
}
