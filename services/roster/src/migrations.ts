import { type Db, migrate, migrationState, type Queryable } from '@starling/db';

const FOLDER = new URL('./migrations/', import.meta.url);

/** Brings the roster service's tables up to date. */
export const migrateRoster = (db: Db) => migrate(db, 'roster', FOLDER);

/** What the database knows of them. */
export const rosterMigrations = (db: Queryable) => migrationState(db, 'roster', FOLDER);
