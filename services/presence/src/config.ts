import { bytes, type ConfigOf, configSpec, duration, int } from '@starling/runtime';

export const presenceConfig = configSpec({
  sessionsPerUserMax: int(
    'STARLING_SESSIONS_PER_USER_MAX',
    32,
    { min: 1 },
    'sessions of one account (RFC 6120 §7.6.2.1)',
  ),
  lingerMs: duration(
    'STARLING_PRESENCE_LINGER',
    '10ms',
    { max: '1s' },
    'presence for one edge or one presence service is sent at once, and then collected for so long before more is sent',
  ),
  batchBytes: bytes(
    'STARLING_PRESENCE_BATCH_BYTES',
    '512KiB',
    { min: '16KiB', max: '900KiB' },
    'sent earlier at this many bytes, addresses counted threefold; NATS takes 1 MiB',
  ),
  batchEntries: int('STARLING_PRESENCE_BATCH_ENTRIES', 2_000, { min: 1, max: 20_000 }, 'and at this many entries'),
  beatMs: duration(
    'STARLING_PRESENCE_BEAT',
    '10s',
    { min: '20ms', max: '10m' },
    'how often receivers of presence get an empty batch behind it, by whose number they see whether they have lost the last one',
  ),
  heldMax: int(
    'STARLING_PRESENCE_HELD_MAX',
    200_000,
    { min: 100 },
    'addressees of presence, probes and questions that wait until a partition is known; what is beyond is asked for again',
  ),
  askAfterMs: duration(
    'STARLING_PRESENCE_ASK_AFTER',
    '250ms',
    { min: '5ms', max: '10s' },
    'an edge that has not told its sessions by then is asked',
  ),
  learnMaxMs: duration(
    'STARLING_PRESENCE_LEARN_MAX',
    '10s',
    { min: '50ms', max: '5m' },
    'a partition is served after this time though an edge is silent',
  ),
  lookBackMs: duration(
    'STARLING_PRESENCE_LOOK_BACK',
    '10m',
    { max: '2h' },
    'so long after the death of an edge, or its own start, a node that takes a partition reads the records of its sessions: longer than STARLING_RESUME_WINDOW',
  ),
  recordsReadMax: int(
    'STARLING_PRESENCE_RECORDS_READ_MAX',
    16,
    { min: 1, max: 256 },
    'partitions whose records are read at once',
  ),
  owedRetryMs: duration(
    'STARLING_PRESENCE_OWED_RETRY',
    '2s',
    { min: '50ms', max: '1m' },
    'before the archive is told again what a session owed that is over',
  ),
  owedAttemptsMax: int('STARLING_PRESENCE_OWED_ATTEMPTS_MAX', 150, { min: 1 }, 'and how often it is told'),
  owedWaitingMax: int(
    'STARLING_PRESENCE_OWED_WAITING_MAX',
    20_000,
    { min: 10 },
    'sessions of which that waits while the archive is away; of more it stays in the archive alone',
  ),
  bindGraceMs: duration(
    'STARLING_PRESENCE_BIND_GRACE',
    '10s',
    { min: '100ms', max: '5m' },
    'how long a bound session may be unknown to its edge: the answer to its bind is on its way',
  ),
  rpcTimeoutMs: duration(
    'STARLING_PRESENCE_RPC_TIMEOUT',
    '5s',
    { min: '50ms', max: '60s' },
    'how long the roster service has for an answer',
  ),
  loadsMax: int(
    'STARLING_PRESENCE_LOADS_MAX',
    8,
    { min: 1, max: 4_096 },
    'questions to the roster service at once, most of them about up to 500 users',
  ),
  loadAttemptsMax: int(
    'STARLING_PRESENCE_LOAD_ATTEMPTS_MAX',
    100,
    { min: 1 },
    'how often the contacts of a user are asked for when the roster service cannot answer',
  ),
  loadRetryMs: duration(
    'STARLING_PRESENCE_LOAD_RETRY',
    '250ms',
    { min: '5ms', max: '60s' },
    'before the second attempt; doubled for each further one, up to 10 s',
  ),
  lastSeenLingerMs: duration(
    'STARLING_PRESENCE_LAST_SEEN_LINGER',
    '100ms',
    { min: '1ms', max: '60s' },
    'how long it is collected who has left (XEP-0012) before the roster service is told',
  ),
  lastSeenMax: int(
    'STARLING_PRESENCE_LAST_SEEN_MAX',
    20_000,
    { min: 1 },
    'users who have left and of whom the roster service has not been told; beyond them who left first is forgotten',
  ),
  lastSeenAttemptsMax: int(
    'STARLING_PRESENCE_LAST_SEEN_ATTEMPTS_MAX',
    8,
    { min: 1 },
    'how often it is told of the same users when it cannot answer',
  ),
});

export type PresenceConfig = ConfigOf<typeof presenceConfig>;
