import { type Logger, type MetricsRegistry, silentLogger, trackQueues } from '@starling/runtime';
import type { DbConfig } from './config.ts';
import type { Db } from './db.ts';
import { measured } from './measured.ts';
import { dbMetrics } from './metrics.ts';
import { PgDb } from './pg-db.ts';
import { PgliteDb } from './pglite-db.ts';
import { watchServer } from './server-state.ts';

export interface OpenDbOptions {
  readonly log?: Logger;
  readonly metrics?: MetricsRegistry;
  /** Whether this process shows what PostgreSQL tells of itself. */
  readonly watchServer?: boolean;
  /** The embedded engine ended by itself and nothing will be answered any more; PostgreSQL never does that, it comes back. */
  readonly onFailure?: (error: Error) => void;
}

/**
 * PostgreSQL when a URL is configured, else PGlite in the data folder. PostgreSQL is not waited for: the first query tells whether
 * it is there.
 * @throws DbLockedError when another process has the data folder
 */
export async function openDb(config: DbConfig, options: OpenDbOptions = {}): Promise<Db> {
  const log = options.log ?? silentLogger;
  const db = config.url.isEmpty ? await openPglite(config, options) : openPostgres(config, log);
  if (!options.metrics) return db;
  const metrics = options.metrics.register(dbMetrics);
  const counted = measured(db, metrics);
  const undo = [metrics.waiting.track(() => db.waiting)];
  if (db instanceof PgDb) {
    const busy = () => db.connections.open - db.connections.idle;
    undo.push(metrics.connections.track(busy, { state: 'busy' }));
    undo.push(metrics.connections.track(() => db.connections.idle, { state: 'idle' }));
    undo.push(trackQueues(options.metrics, { db_connections: { limit: config.poolSize, used: busy } }));
    if (options.watchServer === true) undo.push(watchServer(db, options.metrics));
  }
  const close = () => {
    for (const end of undo) end();
    return db.close();
  };
  return { ...counted, close };
}

function openPostgres(config: DbConfig, log: Logger): PgDb {
  return new PgDb({
    url: config.url.reveal(),
    poolSize: config.poolSize,
    connectTimeoutMs: config.connectTimeoutMs,
    statementTimeoutMs: config.statementTimeoutMs,
    preparedMax: config.preparedMax,
    applicationName: 'starling',
    onIdleError: (error) => log.warn({ what: 'db_connection_lost', err: error }),
  });
}

async function openPglite(config: DbConfig, options: OpenDbOptions): Promise<PgliteDb> {
  const startedAt = performance.now();
  const db = await PgliteDb.open({
    dataDir: config.dataDir,
    onFailure: (error) => {
      options.log?.error({ what: 'db_failed', err: error });
      options.onFailure?.(error);
    },
  });
  options.log?.info({ what: 'db_opened', engine: 'pglite', ms: Math.round(performance.now() - startedAt) });
  return db;
}
