import { setTimeout as pause } from 'node:timers/promises';
import { archiveMigrations, fillPeers, migrateArchive } from '@starling/archive';
import { type Db, DbUnavailableError, type MigrationState, openDb, type Queryable } from '@starling/db';
import { migrateRoster, rosterMigrations } from '@starling/roster';
import { loadConfig } from '@starling/runtime';
import { CommandError, EXIT } from '../exit-codes.ts';
import { migrateSources, migrateSpecs } from '../specs.ts';

export interface MigrateOptions {
  readonly asJson: boolean;
  /** How long the database may be away before it is given up. */
  readonly timeoutMs: number;
}

/** The tables of one service. */
interface Tables {
  readonly service: string;
  /** Brings them up to date; resolves with the files that were run. */
  readonly bring: (db: Db) => Promise<readonly string[]>;
  readonly state: (db: Queryable) => Promise<MigrationState>;
}

/** What has become of them. */
export interface Brought {
  readonly service: string;
  /** Files that were run now. */
  readonly applied: readonly string[];
  /** The last one that was ever run. */
  readonly last: string;
  /** Files that only a later release has. */
  readonly later: readonly string[];
}

const RETRY_MS = 1_000;

const TABLES: readonly Tables[] = [
  {
    service: 'archive',
    bring: async (db) => {
      const { applied } = await migrateArchive(db);
      await fillPeers(db);
      return applied;
    },
    state: archiveMigrations,
  },
  { service: 'roster', bring: async (db) => (await migrateRoster(db)).applied, state: rosterMigrations },
];

/**
 * `starling migrate`: the tables of all services, one service after the other. Run again it does nothing; beside services that do the same,
 * or beside itself, it waits for its turn.
 * @throws ConfigError, MigrationError, DbUnavailableError when the database is away for too long
 */
export async function migrate(args: readonly string[], { asJson, timeoutMs }: MigrateOptions): Promise<number> {
  const { db: config } = loadConfig(migrateSpecs, migrateSources(args));
  if (config.url.isEmpty)
    throw new CommandError(
      EXIT.config,
      'STARLING_DATABASE_URL is missing; the embedded mode makes its tables by itself',
    );
  const db = await openDb(config);
  try {
    const brought: Brought[] = [];
    for (const tables of TABLES) brought.push(await patiently(() => bringUpToDate(db, tables), timeoutMs));
    process.stdout.write(asJson ? `${JSON.stringify({ services: brought })}\n` : renderBrought(brought));
    return EXIT.ok;
  } finally {
    await db.close();
  }
}

async function bringUpToDate(db: Db, { service, bring, state }: Tables): Promise<Brought> {
  const applied = await bring(db);
  const { last, later } = await state(db);
  return { service, applied, last, later };
}

/** What a migration has begun and not finished is rolled back, so that it may be begun again. */
async function patiently<T>(work: () => Promise<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      // Policy: an absent database is waited for, for a while; everything else ends the command.
      if (!(error instanceof DbUnavailableError) || performance.now() + RETRY_MS > deadlineMs) throw error;
      await pause(RETRY_MS);
    }
  }
}

/** For people: a line for each file, and one for each service. */
function renderBrought(brought: readonly Brought[]): string {
  const lines = brought.flatMap(({ service, applied, last, later }) => [
    ...applied.map((name) => `${service}/${name} run`),
    later.length === 0
      ? `${service}: up to date with ${last}`
      : `${service}: a later release has run ${later.join(', ')}; this one works beside it`,
  ]);
  return `${lines.join('\n')}\n`;
}
