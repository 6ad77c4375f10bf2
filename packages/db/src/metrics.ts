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
  connections: gauge('starling_db_connections', 'Connections of this process to PostgreSQL', ['state']),
});

/** What PostgreSQL tells of itself: one process of the cluster asks (see server-state.ts). */
export const serverMetrics = metricsSpec({
  up: gauge('starling_db_server_up', 'Whether PostgreSQL has answered this process lately'),
  connections: gauge('starling_db_server_connections', 'Connections to the server, from anybody'),
  connectionsLimit: gauge('starling_db_server_connections_limit', 'What the server takes of them (max_connections)'),
  sizeBytes: gauge('starling_db_server_size_bytes', 'Size of our database on disk'),
  transactions: counter('starling_db_server_transactions_total', 'Transactions in our database', ['outcome']),
  blocks: counter('starling_db_server_blocks_read_total', 'Blocks read, from memory and from the operating system', [
    'from',
  ]),
  written: counter('starling_db_server_rows_written_total', 'Rows inserted, updated and deleted'),
  deadlocks: counter('starling_db_server_deadlocks_total', 'Deadlocks found'),
  temporaryBytes: counter(
    'starling_db_server_temporary_bytes_total',
    'Written to temporary files, for want of work_mem',
  ),
  rows: gauge('starling_db_server_rows', 'Rows of our tables, by estimate', ['state']),
  oldestTransactionSeconds: gauge(
    'starling_db_server_oldest_transaction_seconds',
    'Age of the oldest open transaction of our user: it holds up the clearing of dead rows',
  ),
  transactionIdAge: gauge(
    'starling_db_server_transaction_id_age',
    'Transactions since the oldest that is not frozen; PostgreSQL stops writing at about two thousand million',
  ),
});

export type DbMetrics = MetricsOf<typeof dbMetrics>;

/** Label `outcome` of the two histograms. */
export type Outcome = 'ok' | 'refused' | 'unavailable';
