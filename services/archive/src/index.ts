export { type Archive, type ArchiveOptions, migrateArchive, startArchive } from './archive.ts';
export { type ArchiveConfig, archiveConfig } from './config.ts';
export { recentLogState } from './sql/recent.ts';
