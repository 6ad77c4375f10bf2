import { bytes, type ConfigOf, choice, configSpec, duration, int, secret, text } from '@starling/runtime';

export const busConfig = configSpec({
  natsUrl: text(
    'STARLING_NATS_URL',
    '',
    {},
    'nats://host:4222, several with commas between; empty = bus and log within this process',
  ),
  natsUser: text('STARLING_NATS_USER', '', { pattern: /^[A-Za-z0-9_-]+$/ }, 'the role of this service (infra/nats)'),
  natsPassword: secret('STARLING_NATS_PASSWORD', '', 'password of that role'),
  natsTlsCa: text(
    'STARLING_NATS_TLS_CA',
    '',
    {},
    "PEM file of the authority that signed the servers' certificates; empty = the system's",
  ),
  natsConnectTimeoutMs: duration(
    'STARLING_NATS_CONNECT_TIMEOUT',
    '30s',
    { min: '1s', max: '10m' },
    'how long the start waits for a server, and for the streams',
  ),
  logStreams: int('STARLING_LOG_STREAMS', 8, { min: 1, max: 256 }, 'fixed when the cluster is first started'),
  logReplicas: choice('STARLING_LOG_REPLICAS', ['1', '3'], '1', 'of each stream; 3 needs nats-server 2.11 or later'),
  logBytesMax: bytes(
    'STARLING_LOG_MAX_BYTES',
    '1GiB',
    { min: '8MiB' },
    'of one stream on disk: what chat needs while the database is away',
  ),
  duplicateWindowMs: duration(
    'STARLING_LOG_DUPLICATE_WINDOW',
    '300s',
    { min: '100ms', max: '1h' },
    'how long the log knows an entry that is sent again; at least the resume window and 30 s',
  ),
  appendTimeoutMs: duration(
    'STARLING_APPEND_TIMEOUT',
    '15s',
    { min: '1s', max: '5m' },
    'how long an append is tried; the election of a leader takes 2 to 8 s',
  ),
  pendingAppendsMax: int(
    'STARLING_PENDING_APPENDS_MAX',
    16_384,
    { min: 16 },
    'appends without an answer; at three quarters of it an edge stops reading from clients',
  ),
  pendingAppendsBytesMax: bytes('STARLING_PENDING_APPENDS_BYTES_MAX', '64MiB', { min: '1MiB' }, 'their bytes'),
  accountCopiesBytesMax: bytes(
    'STARLING_ACCOUNT_COPIES_MAX_BYTES',
    '256MiB',
    { min: '8MiB' },
    'copies of recent accounts on JetStream, for logins while the database is away; the oldest ones make room',
  ),
  accountCopiesAgeMs: duration(
    'STARLING_ACCOUNT_COPIES_AGE',
    '30d',
    { min: '1h' },
    'how long an account that neither logs in nor changes is kept among them',
  ),
  sessionRecordsBytesMax: bytes(
    'STARLING_SESSION_RECORDS_MAX_BYTES',
    '512MiB',
    { min: '8MiB' },
    'records of sessions that can be resumed (XEP-0198) on JetStream, about 1 KiB each; the oldest ones make room',
  ),
  sessionRecordsAgeMs: duration(
    'STARLING_SESSION_RECORDS_AGE',
    '24h',
    { min: '1h' },
    'how long one is kept that nobody has written again; an edge writes what it holds every 15 minutes',
  ),
  recordsTimeoutMs: duration(
    'STARLING_RECORDS_TIMEOUT',
    '2s',
    { min: '100ms', max: '30s' },
    'how long the answer about a record (who is in a group) is waited for',
  ),
  openRequestsMax: int('STARLING_OPEN_REQUESTS_MAX', 16_384, { min: 16 }, 'requests without an answer'),
});

export type BusConfig = ConfigOf<typeof busConfig>;
