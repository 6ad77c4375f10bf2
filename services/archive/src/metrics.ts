import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

/**
 * Label `outcome` of `entries`: a row, a notice about an account, a block list, preferences, no row for want of an account, no row of a blocked
 * sender, no row for want of room, no row by their kind, unreadable.
 */
const ENTRY_OUTCOMES = [
  'written',
  'account',
  'block_list',
  'preferences',
  'rejected',
  'blocked',
  'over_quota',
  'skipped',
  'unreadable',
] as const;

/** Label `outcome` of `pages`: answered, refused (an id that is not there, the database away), out of time, too many at once. */
const PAGE_OUTCOMES = ['answered', 'refused', 'timeout', 'busy'] as const;

export const archiveMetrics = metricsSpec({
  entries: counter('starling_archive_entries_total', 'Entries of the log that are done with', {
    outcome: ENTRY_OUTCOMES,
  }),
  writeSeconds: histogram(
    'starling_archive_write_seconds',
    'One batch, from the first attempt to the commit',
    [0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60],
  ),
  writeRetries: counter('starling_archive_write_retries_total', 'Batches tried again because the database was away'),
  lostRaces: counter('starling_archive_lost_races_total', 'Batches that another process had written already'),
  lagSeconds: histogram(
    'starling_archive_lag_seconds',
    'From the commit in the log to the commit in the database, oldest entry of a batch',
    [0.01, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30, 300, 3600],
  ),
  behindSeconds: gauge(
    'starling_archive_behind_seconds',
    'Age of the oldest entry that is acknowledged, read and not yet written; 0 when all is written',
    ['stream'],
  ),
  behindEntries: gauge('starling_archive_behind_entries', 'Entries that are read and not yet written', ['stream']),
  unread: gauge('starling_log_unread_entries', 'Entries that the log has and the archive has not read', ['stream']),
  logBytes: gauge('starling_log_stream_bytes', 'What the stream takes on disk', ['stream']),
  logBytesLimit: gauge('starling_log_stream_limit_bytes', 'Its bound: beyond it the stream refuses messages', [
    'stream',
  ]),
  logEntries: gauge('starling_log_stream_entries', 'Entries that the stream holds', ['stream']),
  logReplicas: gauge(
    'starling_log_stream_replicas',
    'Copies of the stream that there should be, and that are up to date',
    ['stream', 'state'],
  ),
  logSilent: gauge(
    'starling_log_stream_silent',
    'Whether the stream does not answer the process that archives it: no NATS, or no leader',
    ['stream'],
  ),
  databaseAway: gauge('starling_archive_database_away', 'Streams that cannot be written because the database is away'),
  tailBytes: gauge('starling_archive_tail_bytes', 'Entries that are read and not yet written'),
  recentBytes: gauge('starling_archive_recent_bytes', 'Entries that were written lately and are kept in memory'),
  tailPlaces: gauge('starling_archive_tail_places', 'Of them, those whose bytes were given up'),
  reread: counter('starling_archive_reread_total', 'Entries that were read from the log again', {
    for: ['writer', 'readers'],
  }),
  streams: gauge('starling_archive_streams', 'Streams that this process archives'),
  handedOn: counter(
    'starling_archive_handed_on_total',
    'Messages for a resource that has gone, given to the account’s others',
  ),
  epochs: counter('starling_archive_epochs_total', 'Streams that were found made anew'),
  holes: counter('starling_archive_holes_total', 'Times that the log had lost entries before they were written'),
  gaps: counter('starling_archive_gap_requests_total', 'Gap reads answered', ['source']),
  pages: counter('starling_archive_pages_total', 'Pages of archives (XEP-0313) asked for', {
    outcome: PAGE_OUTCOMES,
  }),
  pagesWaiting: gauge('starling_archive_pages_waiting', 'Of them, waiting for others'),
  pageSeconds: histogram(
    'starling_archive_page_seconds',
    'One page of an archive, from the request to the answer',
    [0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3],
  ),
  retracted: counter('starling_archive_retracted_total', 'Messages that became a tombstone (XEP-0424)'),
  overQuota: gauge('starling_archive_over_quota', 'Accounts for which more messages wait than may: they get none'),
  erased: counter('starling_archive_erased_total', 'Rows that were erased because their time was over', ['what']),
  partitions: gauge('starling_archive_partitions', 'Tables that the archive consists of, by time'),
  partitionsDropped: counter(
    'starling_archive_partitions_dropped_total',
    'Of those, dropped because their time was over',
  ),
  rejected: counter('starling_archive_rejected_total', 'Messages answered with an error', {
    reason: ['no_such_user', 'blocked', 'over_quota'],
  }),
});

export type ArchiveMetrics = MetricsOf<typeof archiveMetrics>;

export type EntryOutcome = (typeof ENTRY_OUTCOMES)[number];
export type PageOutcome = (typeof PAGE_OUTCOMES)[number];
