import { bytes, type ConfigOf, configSpec, duration, int } from '@starling/runtime';
import { fastFields } from './fast/fast-config.ts';
import { personalFields } from './personal-config.ts';

/** RFC 7622 §3.1: a part of an address; names and groups are compared with resourceparts. */
const NAME_BYTES = 1_023;

export const rosterConfig = configSpec({
  listMax: int('STARLING_ACCOUNT_LIST_MAX', 1_000, { min: 1, max: 10_000 }, 'accounts in one answer of a listing'),
  noticeSweepMs: duration(
    'STARLING_NOTICE_SWEEP',
    '10s',
    { min: '100ms' },
    'how often accounts are looked for whose log, or whose contacts, do not know of them yet',
  ),

  itemsMax: int('STARLING_ROSTER_ITEMS_MAX', 2_000, { min: 1, max: 10_000 }, 'items of one roster'),
  rosterBytesMax: bytes(
    'STARLING_ROSTER_BYTES_MAX',
    '512KiB',
    { min: 65_536, max: '768KiB' },
    'of one roster: it has to fit in one message of the bus',
  ),
  groupsMax: int('STARLING_ROSTER_GROUPS_MAX', 50, { min: 1, max: 1_000 }, 'groups of one item'),
  nameBytesMax: bytes(
    'STARLING_ROSTER_NAME_BYTES_MAX',
    NAME_BYTES,
    { min: 64, max: '16KiB' },
    'of the name of an item or of a group (RFC 6121 §2.3.3)',
  ),
  tombstonesMax: int(
    'STARLING_ROSTER_TOMBSTONES_MAX',
    100,
    { min: 1, max: 1_000 },
    'removed items of one roster that are remembered for differences; beyond them the whole roster is sent',
  ),
  editsMax: int('STARLING_ROSTER_EDITS_MAX', 10_000, { min: 16 }, 'edits that one process has in hand or waiting'),
  unsureEditsMax: int(
    'STARLING_ROSTER_UNSURE_EDITS_MAX',
    10_000,
    { min: 1 },
    'edits whose answer was lost with the database, and that are told, if they were made, when it is back',
  ),

  requestsMax: int(
    'STARLING_SUBSCRIPTION_REQUESTS_MAX',
    500,
    { min: 1, max: 10_000 },
    'subscription requests that wait for one account’s answer; further ones are not kept (RFC 6121 §3.1.3)',
  ),
  requestBytesMax: bytes(
    'STARLING_SUBSCRIPTION_REQUEST_BYTES_MAX',
    '16KiB',
    { min: 10_000, max: '64KiB' },
    'of one stanza about a subscription; a larger one is not-acceptable',
  ),
  requestsBytesMax: bytes(
    'STARLING_SUBSCRIPTION_REQUESTS_BYTES_MAX',
    '256KiB',
    { min: 16_384, max: '768KiB' },
    'of all requests that wait for one account’s answer',
  ),

  cacheBytesMax: bytes('STARLING_ROSTER_CACHE_BYTES', '64MiB', { min: 0 }, 'rosters kept in memory, about'),
  cacheMs: duration(
    'STARLING_ROSTER_CACHE_TTL',
    '10m',
    { min: '1s' },
    'how long a roster is kept: bounds what a lost notice of its change can do',
  ),

  copiesQueueMax: int(
    'STARLING_ACCOUNT_COPIES_QUEUE_MAX',
    10_000,
    { min: 1 },
    'accounts that have logged in and wait for the copy that answers while the database is away',
  ),
  copiesKnownMax: int(
    'STARLING_ACCOUNT_COPIES_KNOWN_MAX',
    100_000,
    { min: 1 },
    'copies that one process remembers to be up to date; beyond them a login looks again',
  ),
  copiesRefreshMs: duration(
    'STARLING_ACCOUNT_COPIES_REFRESH',
    '1d',
    { min: '1s' },
    'age at which a login writes the copy again; well below STARLING_ACCOUNT_COPIES_AGE',
  ),
  databasePatienceMs: duration(
    'STARLING_DATABASE_PATIENCE',
    '2s',
    { min: '50ms', max: '60s' },
    'how long a statement of the roster service is waited for before the database is suspected to be away',
  ),
  databaseProbeMs: duration(
    'STARLING_DATABASE_PROBE',
    '1s',
    { min: '10ms', max: '60s' },
    'how long that question may take, and the pause between two while it is away',
  ),
  ...personalFields,
  ...fastFields,
});

export type RosterConfig = ConfigOf<typeof rosterConfig>;
