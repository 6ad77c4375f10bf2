import { type Db, migrate, migrationState, type Queryable } from '@starling/db';
import { fillPeers } from './fill-peers.ts';
import { ensureStreams } from './sql/ensure-streams.ts';

/** The database holds the archive of another log. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}

const FOLDER = new URL('./migrations/', import.meta.url);

/** Brings the archive's tables up to date. */
export const migrateArchive = (db: Db) => migrate(db, 'archive', FOLDER);

/** What the database knows of them. */
export const archiveMigrations = (db: Queryable) => migrationState(db, 'archive', FOLDER);

/**
 * Makes the tables, unless somebody else does, and the streams' rows.
 * @throws ArchiveError when there were another number of streams: partitions would change streams, and positions their meaning
 */
export async function prepareTables(
  db: Db,
  streams: number,
  prepare: (db: Db) => Promise<unknown> = migrateArchive,
): Promise<void> {
  await prepare(db);
  await fillPeers(db);
  const known = await ensureStreams(db, streams);
  if (known !== streams)
    throw new ArchiveError(`the database holds the archive of ${known} streams, STARLING_LOG_STREAMS says ${streams}`);
}
