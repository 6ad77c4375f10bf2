import { FATE, type Fate } from '@starling/contracts';
import type { BoundCounter, BoundHistogram, Histogram } from '@starling/runtime';
import type { EdgeMetrics } from './metrics.ts';

const MS_PER_SECOND = 1_000;

/** The histogram of each fate, bound once: on the road it costs an addition. */
export const byFate = (histogram: Histogram<'fate'>): Readonly<Record<Fate, BoundHistogram>> => ({
  [FATE.live]: histogram.with({ fate: 'live' }),
  [FATE.passing]: histogram.with({ fate: 'passing' }),
  [FATE.archived]: histogram.with({ fate: 'archived' }),
});

export const secondsSince = (atMs: number): number => Math.max(0, Date.now() - atMs) / MS_PER_SECOND;

/**
 * How long messages are under way. The first clock is that of the sender's edge, the second is ours: nodes have to keep theirs together (NTP),
 * and what is measured is wrong by what they are apart. What seems to come before it was sent shows that they are.
 */
export class DeliveryTimes {
  readonly #seconds: Readonly<Record<Fate, BoundHistogram>>;
  readonly #early: BoundCounter;

  constructor({ deliverySeconds, deliveriesEarly }: EdgeMetrics) {
    this.#seconds = byFate(deliverySeconds);
    this.#early = deliveriesEarly;
  }

  delivered(fate: Fate, sentAtMs: number): void {
    const ms = Date.now() - sentAtMs;
    if (ms < 0) this.#early.inc();
    this.#seconds[fate].observe(ms > 0 ? ms / MS_PER_SECOND : 0);
  }
}
