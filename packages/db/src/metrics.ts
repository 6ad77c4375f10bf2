import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

export const dbMetrics = metricsSpec({
  querySeconds: histogram(
    'starling_db_query_seconds',
    'From asking for a connection to the rows, one statement outside a transaction',
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    ['outcome'],
  ),
  transactionSeconds: histogram(
    'starling_db_transaction_seconds',
    'From asking for a connection to the end of the transaction',
    [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    ['outcome'],
  ),
  unavailable: counter('starling_db_unavailable_total', 'Statements and transactions that the database did not answer'),
  waiting: gauge('starling_db_waiting', 'Statements and transactions that wait for a connection'),
});

export type DbMetrics = MetricsOf<typeof dbMetrics>;

/** Label `outcome` of the two histograms. */
export type Outcome = 'ok' | 'refused' | 'unavailable';
