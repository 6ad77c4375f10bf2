import { type Bus, call, RpcError } from '@starling/bus';
import { type LastActivity, personal } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { PresenceConfig } from './config.ts';
import type { PresenceMetrics } from './metrics.ts';

/** Users in one request; with statuses of 1,024 characters at most it fits into a message of NATS. */
const BATCH_MAX = 200;
const RETRY_MS_MAX = 10_000;

/**
 * Tells the roster service when users were last there (XEP-0012): many at once, one request at a time, and again when it cannot
 * answer. Bounded: when it is away for long, who left first is forgotten.
 */
export class LastSeen {
  readonly #bus: Bus;
  readonly #config: PresenceConfig;
  readonly #metrics: PresenceMetrics;
  readonly #log: Logger;
  /** By user, in the order in which they left. */
  readonly #pending = new Map<string, LastActivity>();
  #attempts = 0;
  #isSending = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { bus: Bus; config: PresenceConfig; metrics: PresenceMetrics; log: Logger }) {
    this.#bus = options.bus;
    this.#config = options.config;
    this.#metrics = options.metrics;
    this.#log = options.log;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  /** None of the user's resources is available any more. */
  left(last: LastActivity): void {
    if (this.#isStopped) return;
    this.#pending.delete(last.user);
    this.#pending.set(last.user, last);
    this.#bound();
    if (!this.#isSending) this.#sendIn(this.#config.lastSeenLingerMs);
  }

  /** One more attempt to say what is left; nobody waits for it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    if (!this.#isSending) void this.#send();
  }

  #sendIn(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#send();
    }, delayMs);
  }

  async #send(): Promise<void> {
    const users = [...this.#pending.values()].slice(0, BATCH_MAX);
    if (users.length === 0) return;
    for (const { user } of users) this.#pending.delete(user);
    this.#isSending = true;
    let delayMs = 0;
    try {
      await call(this.#bus, personal.setLast, { users }, this.#config.rpcTimeoutMs);
      this.#attempts = 0;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      delayMs = this.#failed(users, error);
    }
    this.#isSending = false;
    if (this.#pending.size > 0 && !this.#isStopped) this.#sendIn(delayMs);
  }

  /** Returns when to try again. */
  #failed(users: readonly LastActivity[], error: RpcError): number {
    const { loadRetryMs, lastSeenAttemptsMax } = this.#config;
    this.#attempts++;
    if (this.#attempts >= lastSeenAttemptsMax || this.#isStopped) {
      // Policy: after some attempts it is given up, since these users may be what it cannot do; the next ones are tried.
      this.#metrics.dropped.inc(users.length, { reason: 'last-seen' });
      this.#log.error({
        what: 'last_activity_write_failed',
        users: users.length,
        attempts: this.#attempts,
        err: error,
      });
      this.#attempts = 0;
      return loadRetryMs;
    }
    this.#putBack(users);
    return Math.min(RETRY_MS_MAX, loadRetryMs * 2 ** Math.min(this.#attempts - 1, 16));
  }

  /** Before the others; who has left again meanwhile has a newer word there. */
  #putBack(users: readonly LastActivity[]): void {
    const later = [...this.#pending.values()];
    this.#pending.clear();
    for (const last of [...users, ...later]) {
      this.#pending.delete(last.user);
      this.#pending.set(last.user, last);
    }
    this.#bound();
  }

  #bound(): void {
    for (const user of this.#pending.keys()) {
      if (this.#pending.size <= this.#config.lastSeenMax) return;
      this.#pending.delete(user);
      this.#metrics.dropped.inc(1, { reason: 'last-seen' });
    }
  }
}
