export { type DbConfig, dbConfig } from './config.ts';
export * from './db.ts';
export { DbLockedError } from './folder-lock.ts';
export { GuardedDb, type GuardOptions } from './guarded-db.ts';
export { dbMetrics } from './metrics.ts';
export { type Migrated, MigrationError, type MigrationState, migrate, migrationState } from './migrate.ts';
export { type OpenDbOptions, openDb } from './open-db.ts';
export { type Elements, SqlArray } from './sql-array.ts';
