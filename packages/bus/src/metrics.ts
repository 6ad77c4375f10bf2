import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

export const busMetrics = metricsSpec({
  appendSeconds: histogram(
    'starling_log_append_seconds',
    'From append to the acknowledgement of a majority (embedded: of the archive)',
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  ),
  appendFailures: counter('starling_log_append_failures_total', 'Appends that ended in an error', ['reason']),
  appendRetries: counter('starling_log_append_retries_total', 'Appends that were sent again'),
  duplicateAtFirst: counter(
    'starling_log_duplicate_first_attempts_total',
    'First attempts whose id the log had: a client sent again, or two entries share an id, which is a fault',
  ),
  pendingAppends: gauge('starling_log_pending_appends', 'Appends without an answer'),
  openRequests: gauge('starling_bus_open_requests', 'Requests without an answer'),
  dropped: gauge('starling_bus_dropped_messages', 'Messages at most once that were dropped since the start'),
  reconnects: counter(
    'starling_bus_reconnects_total',
    'Times that the connection to the bus came back, or messages were lost',
  ),
});

export type BusMetrics = MetricsOf<typeof busMetrics>;

/** Label `reason` of appendFailures. */
export type AppendFailure = 'full' | 'unavailable' | 'busy';

/** What the two logs tell about their appends. */
export interface AppendObserver {
  /** @param seconds from append to acknowledgement */
  appended(seconds: number): void;
  failed(reason: AppendFailure): void;
  /** An append was sent again. */
  retried(): void;
  /** The log had the id of a first attempt already. */
  duplicateAtFirst(): void;
}

/** Counts into the instruments; into nothing without. */
export function observeAppends(metrics: BusMetrics | undefined): AppendObserver {
  const nothing = () => {};
  if (metrics === undefined) return { appended: nothing, failed: nothing, retried: nothing, duplicateAtFirst: nothing };
  return {
    appended: (seconds) => metrics.appendSeconds.observe(seconds),
    failed: (reason) => metrics.appendFailures.inc(1, { reason }),
    retried: () => metrics.appendRetries.inc(),
    duplicateAtFirst: () => metrics.duplicateAtFirst.inc(),
  };
}
