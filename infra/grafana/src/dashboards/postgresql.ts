import { type Dashboard, rate, rateBy, sum } from '../declaration.ts';

const worst = (metric: string, legend: string) => ({ expr: `max(${metric}{NS})`, legend });

export const postgresql: Dashboard = {
  name: 'postgresql',
  title: 'PostgreSQL',
  about:
    'The database as Starling uses it, and what it tells of itself to the archive; for more there is CloudNativePG’s own dashboard.',
  rows: [
    {
      title: 'As Starling uses it',
      panels: [
        {
          title: 'Statements',
          about:
            'Outside transactions, by outcome: refused is a statement that failed, unavailable a server that did not answer.',
          unit: 'reqps',
          queries: [rateBy('starling_db_query_seconds_count', 'outcome')],
        },
        {
          title: 'Transactions',
          about: 'By outcome.',
          unit: 'reqps',
          queries: [rateBy('starling_db_transaction_seconds_count', 'outcome')],
        },
        {
          title: 'Time, slowest of a hundred',
          about: 'From asking for a connection to the end.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(starling_db_query_seconds_bucket{NS}[$__rate_interval])))',
              legend: 'statement',
            },
            {
              expr: 'histogram_quantile(0.99, sum by (le) (rate(starling_db_transaction_seconds_bucket{NS}[$__rate_interval])))',
              legend: 'transaction',
            },
          ],
        },
        {
          title: 'Pools',
          about: 'Connections of all processes.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: 'sum by (state) (starling_db_connections{NS})', legend: '{{state}}' }],
        },
        {
          title: 'Waiting for a connection',
          about: 'By process. Above 0 all the time: the pool is too small, or statements are slow.',
          unit: 'short',
          queries: [{ expr: 'sum by (instance) (starling_db_waiting{NS})', legend: '{{instance}}' }],
        },
        {
          title: 'Away',
          about: 'As the roster service and the archive see it.',
          unit: 'short',
          queries: [
            sum('starling_roster_database_away', 'roster services without it'),
            sum('starling_archive_database_away', 'streams without it'),
          ],
        },
      ],
    },
    {
      title: 'The server',
      panels: [
        {
          title: 'Connections',
          about: 'From anybody, and what the server takes.',
          unit: 'short',
          queries: [
            worst('starling_db_server_connections', 'used'),
            worst('starling_db_server_connections_limit', 'max_connections'),
          ],
        },
        {
          title: 'Transactions',
          about: 'In our database.',
          unit: 'reqps',
          queries: [
            {
              expr: 'max by (outcome) (rate(starling_db_server_transactions_total{NS}[$__rate_interval]))',
              legend: '{{outcome}}',
            },
          ],
        },
        {
          title: 'Rows written',
          about: 'Inserted, updated, deleted.',
          unit: 'reqps',
          queries: [{ expr: 'max(rate(starling_db_server_rows_written_total{NS}[$__rate_interval]))', legend: 'rows' }],
        },
        {
          title: 'Blocks found in memory',
          about: 'Below 95 % for long: more shared_buffers, or a query that reads everything.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max(starling_db_server_blocks_read_total{NS,from="memory"}) / (max(starling_db_server_blocks_read_total{NS,from="memory"}) + max(starling_db_server_blocks_read_total{NS,from="system"}))',
              legend: 'since its statistics were reset',
            },
          ],
        },
        {
          title: 'Size',
          about: 'Of our database.',
          unit: 'bytes',
          queries: [worst('starling_db_server_size_bytes', 'on disk')],
        },
        {
          title: 'Rows',
          about: 'Of our tables, by estimate. Many dead ones: autovacuum does not get through.',
          unit: 'short',
          queries: [{ expr: 'max by (state) (starling_db_server_rows{NS})', legend: '{{state}}' }],
        },
        {
          title: 'Oldest transaction',
          about: 'Of our user.',
          unit: 's',
          queries: [worst('starling_db_server_oldest_transaction_seconds', 'age')],
        },
        {
          title: 'Transactions since the oldest frozen one',
          about: 'PostgreSQL stops writing at about 2.1 thousand million.',
          unit: 'short',
          queries: [worst('starling_db_server_transaction_id_age', 'age')],
        },
        {
          title: 'Deadlocks and temporary files',
          about: 'Both should be 0.',
          unit: 'short',
          queries: [
            { expr: 'max(increase(starling_db_server_deadlocks_total{NS}[10m]))', legend: 'deadlocks in 10 min' },
            {
              expr: 'max(increase(starling_db_server_temporary_bytes_total{NS}[10m]))',
              legend: 'temporary bytes in 10 min',
            },
          ],
        },
      ],
    },
    {
      title: 'The archive’s tables',
      panels: [
        {
          title: 'Tables of the archive',
          about: 'By time; old ones are dropped as a whole.',
          unit: 'short',
          queries: [{ expr: 'max(starling_archive_partitions{NS})', legend: 'partitions' }],
        },
        {
          title: 'Rows archived',
          about: 'A second.',
          unit: 'reqps',
          queries: [rate('starling_archive_entries_total', 'rows', 'NS,outcome="written"')],
        },
        {
          title: 'Dropped and erased',
          about: 'Tables whose time was over, and rows.',
          unit: 'short',
          queries: [sum('starling_archive_partitions_dropped_total', 'tables dropped')],
        },
      ],
    },
  ],
};
