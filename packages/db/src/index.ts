export { type DbConfig, dbConfig, schemaConfig } from './config.ts';
export * from './db.ts';
export { DbLockedError } from './folder-lock.ts';
export { GuardedDb, type GuardOptions } from './guarded-db.ts';
export { dbMetrics } from './metrics.ts';
export { type Migrated, MigrationError, type MigrationState, migrate, migrationState } from './migrate.ts';
export { type OpenDbOptions, openDb } from './open-db.ts';
export { Schema, type SchemaOptions } from './schema.ts';
export { type Elements, SqlArray } from './sql-array.ts';
