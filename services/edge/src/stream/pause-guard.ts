import type { Bus } from '@starling/bus';
import { type Logger, withDeadline } from '@starling/runtime';

/** Of the time after which an edge that says nothing counts as dead: a pause of that share may have cost it sessions. */
const PAUSE_SHARE = 0.5;
const TICKS_A_PAUSE = 4;
/** Without the bus nobody can say what has become of sessions, and nothing that clients want done can be done either. */
const CATCH_UP_MS = 5_000;

export interface PauseGuardOptions {
  readonly bus: Pick<Bus, 'flush'>;
  /** How long the edge that holds a session has to answer, before the session goes on elsewhere. */
  readonly releaseTimeoutMs: number;
  readonly log: Logger;
}

/**
 * Fences an edge that was paused (SIGSTOP, a machine that stood still): its sockets are full of what clients sent before they went on elsewhere
 * and sent it again there. Before any of it is read, what the bus has said meanwhile has to be: that those sessions are another edge's.
 */
export class PauseGuard {
  readonly #options: PauseGuardOptions;
  readonly #pauseMs: number;
  #aliveAtMs = performance.now();
  #catchingUp: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PauseGuardOptions) {
    this.#options = options;
    this.#pauseMs = options.releaseTimeoutMs * PAUSE_SHARE;
  }

  start(): void {
    this.#aliveAtMs = performance.now();
    this.#timer = setInterval(() => this.#tick(performance.now()), this.#pauseMs / TICKS_A_PAUSE).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Undefined: read on. Else this edge was paused, and it resolves when it knows what it has missed; never rejects. */
  behind(nowMs: number): Promise<void> | undefined {
    if (this.#catchingUp === undefined && nowMs - this.#aliveAtMs >= this.#pauseMs)
      this.#catchingUp = this.#catchUp(nowMs - this.#aliveAtMs);
    return this.#catchingUp;
  }

  #tick(nowMs: number): void {
    if (this.behind(nowMs) === undefined) this.#aliveAtMs = nowMs;
  }

  async #catchUp(pausedMs: number): Promise<void> {
    const { bus, log } = this.#options;
    log.warn({ what: 'edge_paused', ms: Math.round(pausedMs) });
    try {
      await withDeadline(bus.flush(), CATCH_UP_MS, 'the bus behind a pause');
    } catch (error) {
      // Policy: what cannot be known is not waited for; requests of clients fail as long as the bus is away.
      log.warn({ what: 'edge_paused', err: error });
    }
    this.#aliveAtMs = performance.now();
    this.#catchingUp = undefined;
  }
}
