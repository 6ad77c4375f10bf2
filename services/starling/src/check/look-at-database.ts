import { archiveMigrations } from '@starling/archive';
import { type DbConfig, type MigrationState, openDb, type Queryable } from '@starling/db';
import { rosterMigrations } from '@starling/roster';
import { type Look, messageOf } from './finding.ts';

export interface DatabaseFacts {
  /** server_version */
  readonly version: string;
  readonly connectionsMax: number;
  /** In use now, by everybody. */
  readonly connections: number;
  readonly clock: { readonly serverMs: number; readonly ourMs: number };
  /** By service. */
  readonly migrations: Readonly<Record<string, MigrationState>>;
}

/** `none`: PGlite in the data folder. */
export async function lookAtDatabase(config: DbConfig): Promise<Look<DatabaseFacts>> {
  if (config.url.isEmpty) return 'none';
  try {
    const db = await openDb(config);
    try {
      return { facts: await inspect(db) };
    } finally {
      await db.close();
    }
  } catch (error) {
    // Policy: what the driver says is the finding.
    return { error: messageOf(error) };
  }
}

async function inspect(db: Queryable): Promise<DatabaseFacts> {
  const askedMs = Date.now();
  const [server] = await db.query<{ version: string; connections_max: number; connections: number; now_ms: number }>(
    `select current_setting('server_version') as version,
       current_setting('max_connections')::int as connections_max,
       (select count(*) from pg_stat_activity)::int as connections,
       extract(epoch from clock_timestamp())::float8 * 1000 as now_ms`,
  );
  const ourMs = (askedMs + Date.now()) / 2;
  const { version = '', connections_max: connectionsMax = 0, connections = 0, now_ms: serverMs = ourMs } = server ?? {};
  const migrations = { archive: await archiveMigrations(db), roster: await rosterMigrations(db) };
  return { version, connectionsMax, connections, clock: { serverMs, ourMs }, migrations };
}
