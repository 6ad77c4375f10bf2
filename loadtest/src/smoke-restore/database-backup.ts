// Backup and restore of the database by PostgreSQL's own programs, as docs/backup.md has them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findPostgres } from '@starling/local-servers';

const SQL_FOLDER = fileURLToPath(new URL('../../../infra/postgres/', import.meta.url));
const run = promisify(execFile);

/** @throws Error with what the program said */
export const dumpDatabase = (url: string, file: string) => program('pg_dump', '--format=custom', `--file=${file}`, url);

/** Into an empty database. @throws Error with what the program said */
export async function restoreDatabase(url: string, file: string): Promise<void> {
  await program('pg_restore', '--exit-on-error', '--no-owner', `--dbname=${url}`, file);
  await runSql(url, 'after-restore.sql');
}

/** One of infra/postgres. @throws Error with what the program said */
export const runSql = (url: string, name: 'after-restore.sql' | 'after-catch-up.sql') =>
  program('psql', '--quiet', '--no-psqlrc', '--set=ON_ERROR_STOP=1', `--file=${join(SQL_FOLDER, name)}`, url);

async function program(name: string, ...args: string[]): Promise<void> {
  const bin = await findPostgres();
  if (bin === undefined) throw new Error('no PostgreSQL found');
  await run(join(bin, name), args);
}
