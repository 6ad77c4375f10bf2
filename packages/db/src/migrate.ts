import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Db, Queryable, Row } from './db.ts';

/** The folder and the database tell different stories, or the server is too old: nobody may write here. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

export interface Migrated {
  /** Names of the files that were run now. */
  readonly applied: readonly string[];
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** PostgreSQL 15. */
const SERVER_VERSION_MIN = 150_000;
/** Any number, the same in every release: who holds it migrates. */
const LOCK = 7_461_720_115n;
/** Of one file: it may have to make an index of everything there is. */
const FILE_MS = 24 * 3_600_000;
const NAME = /^\d{4}_[a-z0-9_]+\.sql$/;

const TABLE = `create table if not exists starling_migration (
  namespace text not null,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default now(),
  primary key (namespace, name)
)`;

/**
 * Brings one service's tables up to date: runs the .sql files of `folder` that the database does not know, in order of their names,
 * all in one transaction. Processes that start together take turns. Files that a later release has already run are left alone, so
 * that two releases work side by side during an upgrade.
 * @throws MigrationError when a file was changed after it was run, or is out of order; DbUnavailableError: call again
 */
export async function migrate(db: Db, namespace: string, folder: URL | string): Promise<Migrated> {
  const known = readMigrations(folder);
  return db.transaction(async (tx) => {
    const [server] = await tx.query<{ version: number; version_name: string }>(
      "select current_setting('server_version_num')::int as version, current_setting('server_version') as version_name",
    );
    if (server && server.version < SERVER_VERSION_MIN)
      throw new MigrationError(`PostgreSQL ${server.version_name} is too old: 15 or later is needed`);
    await tx.query('select pg_advisory_xact_lock($1)', [LOCK]);
    await tx.query(TABLE);
    const pending = pendingOf(namespace, known, await appliedOf(tx, namespace));
    for (const { name, sql, checksum } of pending) {
      await tx.patiently(sql, FILE_MS);
      await tx.query('insert into starling_migration (namespace, name, checksum) values ($1, $2, $3)', [
        namespace,
        name,
        checksum,
      ]);
    }
    return { applied: pending.map((m) => m.name) };
  });
}

/** What a database knows of one service's tables. */
export interface MigrationState {
  /** That the database has run, the last one; '' = none. */
  readonly last: string;
  /** Files that it would run at the start. */
  readonly pending: readonly string[];
  /** That a later release has run: two releases work side by side. */
  readonly later: readonly string[];
}

/** Looks, and changes nothing. @throws MigrationError as migrate does, DbUnavailableError, SqlError */
export async function migrationState(db: Queryable, namespace: string, folder: URL | string): Promise<MigrationState> {
  const known = readMigrations(folder);
  const [table] = await db.query<{ there: boolean }>("select to_regclass('starling_migration') is not null as there");
  const applied = table?.there === true ? await appliedOf(db, namespace) : [];
  const names = new Set(known.map(({ name }) => name));
  return {
    last: applied.at(-1)?.name ?? '',
    pending: pendingOf(namespace, known, applied).map(({ name }) => name),
    later: applied.map(({ name }) => name).filter((name) => !names.has(name)),
  };
}

function readMigrations(folder: URL | string): readonly Migration[] {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder;
  const names = readdirSync(path)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  return names.map((name) => {
    if (!NAME.test(name)) throw new MigrationError(`${name}: a migration is called 0001_what_it_does.sql`);
    const sql = readFileSync(join(path, name), 'utf8');
    return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}

interface AppliedRow extends Row {
  readonly name: string;
  readonly checksum: string;
}

const appliedOf = (tx: Queryable, namespace: string) =>
  tx.query<AppliedRow>('select name, checksum from starling_migration where namespace = $1 order by name', [namespace]);

function pendingOf(
  namespace: string,
  known: readonly Migration[],
  applied: readonly AppliedRow[],
): readonly Migration[] {
  const checksums = new Map(applied.map((row) => [row.name, row.checksum]));
  const last = applied.at(-1)?.name ?? '';
  return known.filter(({ name, checksum }) => {
    const recorded = checksums.get(name);
    if (recorded !== undefined && recorded !== checksum)
      throw new MigrationError(`${namespace}/${name} was changed after it was run; write a new file instead`);
    if (recorded === undefined && name < last)
      throw new MigrationError(`${namespace}/${name} comes before ${last}, which has been run; number it higher`);
    return recorded === undefined;
  });
}
