import { bytes, type ConfigOf, choice, configSpec, duration, flag, int, port, secret, text } from '@starling/runtime';

/** RFC 6120 §13.12: a server must not refuse a stanza of less than 10,000 bytes. */
const STANZA_BYTES_FLOOR = 10_000;

export const edgeConfig = configSpec({
  domain: text('STARLING_DOMAIN', 'localhost', {}, 'the domain that is served'),
  host: text('STARLING_HOST', '127.0.0.1', {}, 'address to listen on; 0.0.0.0 or :: for all'),
  c2sPort: port('STARLING_C2S_PORT', 5222, 'clients over TCP with STARTTLS; 0 = any'),
  c2sTlsPort: port('STARLING_C2S_TLS_PORT', 5223, 'clients over TLS from the first byte (XEP-0368); 0 = any'),
  httpPort: port(
    'STARLING_HTTP_PORT',
    5280,
    'HTTP: /xmpp-websocket (RFC 7395), the page at /, /.well-known/host-meta; 0 = any',
  ),
  httpBehindTls: flag(
    'STARLING_HTTP_BEHIND_TLS',
    false,
    'clients reach the HTTP port only through a proxy with TLS: PLAIN and tokens (XEP-0484) are offered over WebSocket',
  ),
  page: choice('STARLING_PAGE', ['on', 'off'], 'on', 'whether the HTTP port serves a web client at /'),
  websocket: choice(
    'STARLING_WS',
    ['auto', 'uws', 'ws'],
    'auto',
    'WebSocket library: uWebSockets.js where it loads, else ws',
  ),
  tlsCert: text(
    'STARLING_TLS_CERT',
    '',
    {},
    'PEM file of the certificate chain; empty = self-signed, kept in the data folder',
  ),
  tlsKey: text('STARLING_TLS_KEY', '', {}, 'PEM file of the private key'),
  tlsReloadMs: duration(
    'STARLING_TLS_RELOAD_INTERVAL',
    '1m',
    { max: '1d' },
    'how often both files are read again, so that a renewed certificate needs no restart; 0 = never',
  ),
  proxyProtocolFrom: text(
    'STARLING_PROXY_PROTOCOL_FROM',
    '',
    {},
    'load balancers (addresses and ranges such as 10.0.0.0/8, commas between) that put a PROXY protocol v2 header before each connection to the C2S ports: from them it is required, from anybody else not taken',
  ),
  forwardedFrom: text(
    'STARLING_FORWARDED_FROM',
    '',
    {},
    'proxies before the HTTP port, written likewise, whose X-Forwarded-For tells the address of a client',
  ),
  dataDir: text('STARLING_DATA_DIR', './data', {}, 'where an edge keeps its self-signed certificate'),

  archiveIdSecret: secret(
    'STARLING_ARCHIVE_ID_SECRET',
    '',
    'what archive ids (XEP-0313, XEP-0359), tokens (XEP-0484) and resources (XEP-0386) are made of: the same for all edges of a cluster, for ever, since clients remember ids; at least 16 characters; `starling start` and `starling cluster` make one',
  ),

  connectionsMax: int(
    'STARLING_CONNECTIONS_MAX',
    19_000,
    { min: 1 },
    'open connections of one edge; a process has a bound of file descriptors',
  ),
  connectionsPerAddressMax: int(
    'STARLING_CONNECTIONS_PER_ADDRESS_MAX',
    100,
    { min: 1 },
    'open connections of one address; loopback is spared',
  ),
  sessionsPerUserMax: int(
    'STARLING_SESSIONS_PER_USER_MAX',
    32,
    { min: 1 },
    'sessions of one account (RFC 6120 §7.6.2.1)',
  ),
  handshakeMs: duration('STARLING_HANDSHAKE_TIMEOUT', '30s', { min: '1s' }, 'from connecting to a bound resource'),
  saslFailuresMax: int(
    'STARLING_SASL_FAILURES_MAX',
    3,
    { min: 3, max: 5 },
    'failed logins on one stream: at least two retries (RFC 6120 §6.4.5)',
  ),
  bindFailuresMax: int(
    'STARLING_BIND_FAILURES_MAX',
    6,
    { min: 6, max: 10 },
    'refused binds on one stream: at least five retries (RFC 6120 §7.7.3)',
  ),
  registrationsPerStreamMax: int(
    'STARLING_REGISTRATIONS_PER_STREAM_MAX',
    5,
    { min: 1 },
    'requests of one stream before it has authenticated',
  ),

  stanzaBytesMax: bytes(
    'STARLING_STANZA_BYTES_MAX',
    '256KiB',
    { min: STANZA_BYTES_FLOOR },
    'a larger stanza is policy-violation (RFC 6120 §13.12)',
  ),
  wsMessageBytesMax: bytes(
    'STARLING_WS_MESSAGE_BYTES_MAX',
    '16MiB',
    { min: 65_536 },
    'a larger WebSocket message cuts the connection; up to it a stanza that is too large hears policy-violation',
  ),
  depthMax: int('STARLING_XML_DEPTH_MAX', 100, { min: 10 }, 'nesting of elements in a stanza'),
  attributesMax: int('STARLING_XML_ATTRIBUTES_MAX', 100, { min: 10 }, 'attributes of one element'),
  inboundQueueMax: int(
    'STARLING_INBOUND_QUEUE_MAX',
    64,
    { min: 1 },
    'stanzas of one session that wait to be handled; then its socket is paused',
  ),
  inboundQueueBytesMax: bytes(
    'STARLING_INBOUND_QUEUE_BYTES_MAX',
    '512KiB',
    { min: 10_000 },
    'bytes of those stanzas together; then its socket is paused',
  ),
  inboundBacklogBytesMax: bytes(
    'STARLING_INBOUND_BACKLOG_BYTES_MAX',
    '1MiB',
    { min: 65_536 },
    'unread input of one paused connection',
  ),
  sendBufferBytesMax: bytes(
    'STARLING_SEND_BUFFER_BYTES_MAX',
    '4MiB',
    { min: 65_536 },
    'output that one client has not taken; then its connection is dropped',
  ),
  heldEntriesMax: int(
    'STARLING_HELD_ENTRIES_MAX',
    1_000,
    { min: 1 },
    'entries of one user kept while a gap is fetched; the rest is fetched too',
  ),
  gapPageMax: int('STARLING_GAP_PAGE_MAX', 500, { min: 1 }, 'entries asked from the archive at once'),

  viewMax: int(
    'STARLING_PRESENCE_VIEW_MAX',
    20_000,
    { min: 100 },
    'resources of others whose presence one session is remembered to have been shown; more is shown and forgotten',
  ),
  directedPresenceMax: int(
    'STARLING_DIRECTED_PRESENCE_MAX',
    1_000,
    { min: 10 },
    'addresses that one session may have sent directed presence to at a time (RFC 6121 §4.6)',
  ),
  directedPresenceBytesMax: bytes(
    'STARLING_DIRECTED_PRESENCE_BYTES_MAX',
    '128KiB',
    { min: '4KiB', max: '256KiB' },
    'of those addresses: all of them are told to the owner of the presence in one message',
  ),
  presenceBytesMax: bytes(
    'STARLING_PRESENCE_BYTES_MAX',
    '64KiB',
    { min: STANZA_BYTES_FLOOR, max: '256KiB' },
    'a larger presence, as it is sent on, is policy-violation: each contact gets it, and whoever comes later',
  ),
  presenceBatchesMax: int(
    'STARLING_PRESENCE_BATCHES_MAX',
    1_000,
    { min: 10 },
    'batches of presence that wait to be written; more are dropped, and what they held is asked for again',
  ),
  presenceDigestMs: duration(
    'STARLING_PRESENCE_DIGEST_INTERVAL',
    '10s',
    { min: '100ms' },
    'how often the presence nodes are told how many sessions there are, so that a difference shows',
  ),
  presenceRepairMs: duration(
    'STARLING_PRESENCE_REPAIR_INTERVAL',
    '5m',
    { min: '1s' },
    'in which everything that sessions have been shown is compared once with what is true, a part with each digest (ADR 7)',
  ),
  bindTimeoutMs: duration(
    'STARLING_BIND_TIMEOUT',
    '10s',
    { min: '100ms' },
    'how long a bind waits for the owner of the user’s presence, who may have just died',
  ),

  rpcTimeoutMs: duration(
    'STARLING_RPC_TIMEOUT',
    '5s',
    { min: '100ms' },
    'how long an answer of another service is waited for',
  ),
  halfStoredMax: int(
    'STARLING_HALF_STORED_MAX',
    20_000,
    { min: 100 },
    'messages of which one of two logs has its half, that are remembered: sent again, that half is not stored twice, however late',
  ),
  answerRetryMs: duration(
    'STARLING_ANSWER_RETRY',
    '25s',
    { max: '5m' },
    'how long an answer of a client to somebody’s request is sent again while no edge says that it was delivered',
  ),
  answersWaitingMax: int(
    'STARLING_ANSWERS_WAITING_MAX',
    100,
    { min: 1 },
    'answers of one session that are sent again at a time; one more is sent once',
  ),
  owedRetryMs: duration(
    'STARLING_OWED_RETRY',
    '2s',
    { min: '50ms', max: '1m' },
    'before the archive is told again what a session owed that is over',
  ),
  owedAttemptsMax: int('STARLING_OWED_ATTEMPTS_MAX', 150, { min: 1 }, 'and how often it is told'),
  owedWaitingMax: int(
    'STARLING_OWED_WAITING_MAX',
    10_000,
    { min: 10 },
    'sessions of which that waits while the archive is away; of more it stays in the archive alone',
  ),
  positionTimeoutMs: duration(
    'STARLING_POSITION_TIMEOUT',
    '1s',
    { min: '50ms' },
    'how long a bind waits for the end of the user’s log',
  ),
  offlineWaitMs: duration(
    'STARLING_OFFLINE_WAIT',
    '3s',
    { min: '50ms' },
    'how long what comes live waits for a page of what waited offline (XEP-0160); then that follows later',
  ),
  offlineReportMs: duration(
    'STARLING_OFFLINE_REPORT_INTERVAL',
    '30s',
    { min: '100ms' },
    'how often the archive is told what sessions have got; after the death of an edge so much may come again',
  ),
  offlineReportsMax: int(
    'STARLING_OFFLINE_REPORTS_MAX',
    20_000,
    { min: 100 },
    'reports that wait while the archive is away; beyond them the oldest is dropped, and what it was about comes again',
  ),
  resumeWindowMs: duration(
    'STARLING_RESUME_WINDOW',
    '240s',
    { min: '1s', max: '1h' },
    'how long a client may be away before its session is over (XEP-0198); at most STARLING_LOG_DUPLICATE_WINDOW less 30 s',
  ),
  smAnswerWaitMs: duration(
    'STARLING_SM_ANSWER_WAIT',
    '200ms',
    { min: '10ms', max: '5s' },
    'at the latest after this time an <r/> is answered, with what is stored by then',
  ),
  smCheckpointMs: duration(
    'STARLING_SM_CHECKPOINT_INTERVAL',
    '5s',
    { min: '500ms', max: '60s' },
    'the record of a session is no older than this, though its client never asks: so much may come again after the death of its edge',
  ),
  smAskAfter: int(
    'STARLING_SM_ASK_AFTER',
    10,
    { min: 1, max: 1_000 },
    'unacknowledged stanzas after which a client is asked at once what it has got; else within a second',
  ),
  smQueueMax: int(
    'STARLING_SM_QUEUE_MAX',
    5_000,
    { min: 100 },
    'unacknowledged stanzas of one session; a client that has more is cut off and may resume, one that is away gets the rest from its log',
  ),
  smQueueBytesMax: bytes('STARLING_SM_QUEUE_BYTES_MAX', '4MiB', { min: '64KiB' }, 'their bytes'),
  smRequestsMax: int(
    'STARLING_SM_REQUESTS_MAX',
    64,
    { min: 1, max: 1_000 },
    'IQ requests of a client that are remembered until it has got the answer: after the death of its edge it hears an error for each',
  ),
  releaseTimeoutMs: duration(
    'STARLING_RELEASE_TIMEOUT',
    '1s',
    { min: '100ms', max: '10s' },
    'how long the edge that holds a session has to let go of it; then it counts as dead',
  ),
  drainMs: duration(
    'STARLING_EDGE_DRAIN',
    '2s',
    { max: '10m' },
    'over how long a stopping edge spreads the hand-over of its sessions; STARLING_EDGE_STOP_TIMEOUT comes on top',
  ),
  stopMs: duration(
    'STARLING_EDGE_STOP_TIMEOUT',
    '5s',
    { min: '100ms' },
    'how long sessions have to take their last bytes when the edge stops',
  ),
});

export type EdgeConfig = ConfigOf<typeof edgeConfig>;
