import type { PresenceMetrics } from './metrics.ts';
import type { Outbox } from './outbox.ts';
import type { Standing } from './standing.ts';

/** All edges are asked for everything at most this often. */
const INTERVAL_MS = 1_000;

/** Something was missed, nobody knows what: views and probes of all edges mend it. */
export class Misses {
  readonly #standing: Standing;
  readonly #outbox: Outbox;
  readonly #metrics: PresenceMetrics;
  #timer: NodeJS.Timeout | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  constructor(standing: Standing, outbox: Outbox, metrics: PresenceMetrics) {
    this.#standing = standing;
    this.#outbox = outbox;
    this.#metrics = metrics;
  }

  tell(reason: 'blind' | 'hole' | 'held' | 'reconnect'): void {
    if (this.#timer !== undefined) return;
    const waitMs = Math.max(0, this.#lastAtMs + INTERVAL_MS - Date.now());
    const miss = () => {
      this.#timer = undefined;
      if (this.#standing.acting === undefined) return;
      this.#lastAtMs = Date.now();
      for (const { id } of this.#standing.edges) this.#outbox.miss(id);
      this.#metrics.missed.inc(1, { reason });
    };
    if (waitMs === 0) miss();
    else this.#timer = setTimeout(miss, waitMs);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
