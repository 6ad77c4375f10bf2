import { bytes, type ConfigOf, configSpec, duration, int } from '@starling/runtime';

export const archiveConfig = configSpec({
  lingerMs: duration(
    'STARLING_ARCHIVE_LINGER',
    '200ms',
    { max: '1s' },
    'how long entries are collected before they are written; not waited for when the log is in this process',
  ),
  batchRows: int('STARLING_ARCHIVE_BATCH_ROWS', 2_000, { min: 1, max: 20_000 }, 'entries written at once'),
  batchBytes: bytes('STARLING_ARCHIVE_BATCH_BYTES', '8MiB', { min: '64KiB', max: '256MiB' }, 'their bytes'),
  tailBytes: bytes(
    'STARLING_ARCHIVE_TAIL_BYTES',
    '256MiB',
    { min: '1MiB' },
    'of one stream: entries that are read and not yet written; of more only their places are kept, and their bytes are read again when they are wanted',
  ),
  recentBytes: bytes(
    'STARLING_ARCHIVE_RECENT_BYTES',
    '16MiB',
    { min: '64KiB' },
    'of one stream: entries that were written lately and are kept in memory, so that sessions that go on, and gaps, need no database',
  ),
  tailPlaces: int(
    'STARLING_ARCHIVE_TAIL_PLACES',
    200_000,
    { min: 1_000 },
    'of one stream: entries of which only the places are kept, about 700 bytes each; more stays in the log',
  ),
  digestMs: duration('STARLING_DIGEST_INTERVAL', '1s', { min: '50ms', max: '10s' }, 'between the digests of a stream'),
  gapEntries: int('STARLING_GAP_ENTRIES_MAX', 500, { min: 1, max: 5_000 }, 'entries in one answer'),
  gapBytes: bytes(
    'STARLING_GAP_BYTES_MAX',
    '512KiB',
    { min: '16KiB', max: '900KiB' },
    "their bytes, unless it is one entry; NATS's own limit is 1 MiB",
  ),
  partitionMs: duration(
    'STARLING_ARCHIVE_PARTITION',
    '30d',
    { min: '1h', max: '3650d' },
    'of the archive: the time that one table of it covers, and the smallest part that retention drops at once; each read looks into all',
  ),
  partitionsAhead: int('STARLING_ARCHIVE_PARTITIONS_AHEAD', 2, { min: 1, max: 60 }, 'of them, made before their time'),
  pageMs: duration(
    'STARLING_ARCHIVE_PAGE_TIMEOUT',
    '3s',
    { min: '100ms', max: '30s' },
    'how long one page of an archive may be looked for (XEP-0313); then the asker hears that it is too much',
  ),
  pagesAtOnce: int(
    'STARLING_ARCHIVE_PAGES_AT_ONCE',
    4,
    { min: 1, max: 500 },
    'pages that one process looks for at once; less than STARLING_DATABASE_POOL, since who writes needs a connection, too',
  ),
  pagesWaitingMax: int('STARLING_ARCHIVE_PAGES_WAITING_MAX', 1_000, { min: 0 }, 'pages that wait for those'),
  pagesOfUserMax: int(
    'STARLING_ARCHIVE_PAGES_OF_USER_MAX',
    16,
    { min: 2 },
    'of one account, looked for or waiting; a session asks for one after the other',
  ),
  pageCountMax: int(
    'STARLING_ARCHIVE_PAGE_COUNT_MAX',
    10_000,
    { min: 0, max: 1_000_000 },
    'messages that are counted for whoever asks how many there are; more are not told',
  ),
  offlineWriteMs: duration(
    'STARLING_OFFLINE_WRITE_INTERVAL',
    '1m',
    { min: '1s', max: '1h' },
    'how far what is written of who has got what may be behind while people are there; when they go it is written at once',
  ),
  offlineTakeoverMs: duration(
    'STARLING_OFFLINE_TAKEOVER_WAIT',
    '3500ms',
    { max: '1m' },
    'how long who takes a stream over waits for what edges have told another one in vain, before it says what waits',
  ),
  offlineUsersMax: int(
    'STARLING_OFFLINE_USERS_MAX',
    50_000,
    { min: 1_000 },
    'of one stream: who has got what, kept in memory',
  ),
  retractRowsMax: int(
    'STARLING_RETRACT_ROWS_MAX',
    1_000,
    { min: 1, max: 100_000 },
    "an account's newest entries among which a message that is taken back is looked for",
  ),
  retractBytes: bytes(
    'STARLING_RETRACT_BYTES_MAX',
    '4MiB',
    { min: '64KiB', max: '256MiB' },
    'their bytes, of each the first 32 KiB: none behind is looked at',
  ),
  offlineMax: int(
    'STARLING_OFFLINE_MAX',
    100_000,
    { min: 10 },
    'messages that may wait for one account; then senders hear service-unavailable (XEP-0160 §2). About: see services/archive/README.md',
  ),
  retentionMs: duration(
    'STARLING_ARCHIVE_RETENTION',
    '0',
    { max: '36500d' },
    'how long messages are kept, also those that wait; 0: for ever. At least so long, at most by STARLING_ARCHIVE_PARTITION longer; an account may have its own',
  ),
  offlineRetentionMs: duration(
    'STARLING_OFFLINE_RETENTION',
    '30d',
    { min: '1m', max: '3650d' },
    'how long what never gets into the archive waits for somebody',
  ),
  removalKeepMs: duration(
    'STARLING_REMOVAL_KEEP',
    '7d',
    { min: '1h', max: '3650d' },
    'how long it is remembered that an account was removed: an edge that has been cut off from NATS for longer may keep sessions of it',
  ),
  housekeepingMs: duration(
    'STARLING_ARCHIVE_HOUSEKEEPING_INTERVAL',
    '10m',
    { min: '100ms', max: '1d' },
    'how often partitions are made ahead and what is too old is erased',
  ),
  keepMs: duration('STARLING_LOG_KEEP', '10m', { min: '1s' }, 'how long written entries stay in the log'),
});

export type ArchiveConfig = ConfigOf<typeof archiveConfig>;
