import { type ConfigOf, choice, configSpec, duration, int, secret, text } from '@starling/runtime';

export const dbConfig = configSpec({
  url: secret(
    'STARLING_DATABASE_URL',
    '',
    'postgresql://user:password@host:5432/database; empty = PGlite in the data folder',
  ),
  dataDir: text('STARLING_DATA_DIR', './data', {}, 'folder for everything that one process keeps on disk'),
  poolSize: int('STARLING_DATABASE_POOL', 8, { min: 1, max: 500 }, 'connections to PostgreSQL of one process'),
  connectTimeoutMs: duration(
    'STARLING_DATABASE_CONNECT_TIMEOUT',
    '3s',
    { min: '100ms', max: '60s' },
    'for a connection, and for a free place in the pool',
  ),
  statementTimeoutMs: duration(
    'STARLING_DATABASE_STATEMENT_TIMEOUT',
    '10s',
    { min: '100ms', max: '10m' },
    'after which the server ends a statement',
  ),
  preparedMax: int(
    'STARLING_DATABASE_PREPARED_MAX',
    100,
    { min: 0, max: 1_000 },
    'statements that are parsed and planned once for a connection; 0 behind a pooler that does not keep them apart',
  ),
});

export type DbConfig = ConfigOf<typeof dbConfig>;

/** Of the services that have tables. */
export const schemaConfig = configSpec({
  migrations: choice(
    'STARLING_MIGRATIONS',
    ['start', 'wait'],
    'start',
    'tables are brought up to date by each service that starts, under a lock; or it waits until `starling migrate` has done it',
  ),
  pollMs: duration(
    'STARLING_MIGRATIONS_POLL',
    '1s',
    { min: '10ms', max: '60s' },
    'how often a service that waits for its tables looks for them',
  ),
});
