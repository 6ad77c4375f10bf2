export { type RosterConfig, rosterConfig } from './config.ts';
export { migrateRoster, rosterMigrations } from './migrations.ts';
export { type Roster, type RosterOptions, startRoster } from './roster.ts';
