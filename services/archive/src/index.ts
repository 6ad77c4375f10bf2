export { type Archive, type ArchiveOptions, startArchive } from './archive.ts';
export { type ArchiveConfig, archiveConfig } from './config.ts';
export { fillPeers } from './fill-peers.ts';
export { archiveMetrics } from './metrics.ts';
export { ArchiveError, archiveMigrations, migrateArchive } from './prepare-tables.ts';
export { recentLogState } from './recent-log-state.ts';
