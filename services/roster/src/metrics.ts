import { counter, type MetricsOf, metricsSpec } from '@starling/runtime';

export const rosterMetrics = metricsSpec({
  requests: counter('starling_roster_requests_total', 'Requests answered', ['method', 'outcome']),
  notices: counter(
    'starling_roster_notices_total',
    'Creations and removals of accounts, changes of their block lists, written to their logs',
    ['kind'],
  ),
});

export type RosterMetrics = MetricsOf<typeof rosterMetrics>;
