import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

/** Label `outcome` of logins: the conditions of RFC 6120 §6.5 that are ours to give, a stream that said another name, and success. */
const LOGIN_OUTCOMES = [
  'success',
  'not-authorized',
  'temporary-auth-failure',
  'aborted',
  'encryption-required',
  'incorrect-encoding',
  'invalid-authzid',
  'invalid-from',
  'invalid-mechanism',
  'malformed-request',
] as const;

export const edgeMetrics = metricsSpec({
  connections: gauge('starling_edge_connections', 'Open client connections'),
  sessions: gauge('starling_edge_sessions', 'Bound sessions'),
  users: gauge('starling_edge_users', 'Bare JIDs that have a session here'),
  stanzasIn: counter('starling_edge_stanzas_in_total', 'Stanzas read from clients', ['kind']),
  stanzasOut: counter('starling_edge_stanzas_out_total', 'Stanzas written to clients', ['kind']),
  messages: counter('starling_edge_messages_total', 'Messages accepted from clients, by fate', ['fate']),
  acceptSeconds: histogram(
    'starling_edge_accept_seconds',
    'From the acceptance of a message until it counts as handled: both logs have it',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    ['fate'],
  ),
  deliverySeconds: histogram(
    'starling_edge_delivery_seconds',
    'From the acceptance of a message at its sender’s edge to the write to a connected client of its recipient; the clocks of both edges count. Without what waited offline or for a client that was away',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    ['fate'],
  ),
  deliveriesEarly: counter(
    'starling_edge_deliveries_early_total',
    'Of those, messages that came before they were sent, by the clocks: they count as 0 s',
  ),
  bytesIn: counter('starling_edge_bytes_in_total', 'Bytes read from clients, behind TLS'),
  bytesOut: counter('starling_edge_bytes_out_total', 'Bytes written to clients, before TLS'),
  duplicates: counter(
    'starling_edge_first_attempt_duplicates_total',
    'Appends that the log had already: a client sent a stanza again',
  ),
  logins: counter('starling_edge_logins_total', 'Finished SASL exchanges', { outcome: LOGIN_OUTCOMES }),
  fastLogins: counter('starling_edge_fast_logins_total', 'Logins with a token (XEP-0484)', {
    outcome: LOGIN_OUTCOMES,
  }),
  binds: counter('starling_edge_binds_total', 'Resources that were asked for, behind a login', {
    outcome: ['ok', 'refused', 'failed'],
  }),
  streamErrors: counter('starling_edge_stream_errors_total', 'Streams closed with an error', ['condition']),
  stanzaErrors: counter('starling_edge_stanza_errors_total', 'Stanzas answered with an error', ['condition']),
  gaps: counter('starling_edge_gaps_total', 'Gaps in a user’s feed that were fetched from the archive', {
    cause: ['missed', 'digest', 'epoch'],
  }),
  queueFull: counter(
    'starling_edge_inbound_queue_full_total',
    'Times that a session’s socket was paused because its queue was full',
  ),
  appendsWaiting: gauge(
    'starling_edge_appends_waiting',
    'Messages that wait to be appended while the log is congested',
  ),
  liveHeld: counter(
    'starling_edge_live_held_total',
    'Live stanzas that came before the entry they were sent behind, by what let them go',
    ['by'],
  ),
  offlineDelivered: counter(
    'starling_edge_offline_messages_total',
    'Messages that had waited offline and were delivered',
  ),
  offlineFailures: counter(
    'starling_edge_offline_failures_total',
    'Times that the archive could not say what waits offline; it is asked again',
  ),
  offlineReports: gauge('starling_edge_offline_reports', 'Reports of what sessions have got that wait for the archive'),
  offlineReportsDropped: counter('starling_edge_offline_reports_dropped_total', 'Of those, dropped at their bound'),
  presenceBatches: counter(
    'starling_edge_presence_batches_total',
    'Batches of presence nodes, by what became of them',
    ['outcome'],
  ),
  requestsUndelivered: counter(
    'starling_edge_requests_undelivered_total',
    'IQ requests to resources that were not there, or not to be seen',
  ),
  certificateReloads: counter(
    'starling_edge_certificate_reloads_total',
    'Certificates that were found renewed, or could not be read again',
    ['outcome'],
  ),
  limits: counter('starling_edge_limits_reached_total', 'Connections refused or closed by a bound', ['limit']),
  certificateExpiry: gauge(
    'starling_edge_certificate_expiry_timestamp_seconds',
    'When the certificate that clients are shown ends, Unix time',
  ),
  certificateSelfSigned: gauge(
    'starling_edge_certificate_self_signed',
    'Whether it was made by this edge itself, so that nobody can verify it',
  ),
  smEnabled: counter('starling_edge_sm_enabled_total', 'Sessions that enabled stream management (XEP-0198)', [
    'resumable',
  ]),
  smDetached: counter('starling_edge_sm_detached_total', 'Resumable sessions that lost their connection'),
  smDetachedNow: gauge('starling_edge_sm_detached', 'Resumable sessions without a connection'),
  smReleased: counter('starling_edge_sm_released_total', 'Sessions that another edge, or this one, went on with'),
  smResumes: counter(
    'starling_edge_sm_resumes_total',
    'Requests to resume a session, by what became of them, and by what was left of it',
    ['outcome', 'cause'],
  ),
  smReplayed: counter('starling_edge_sm_replayed_total', 'Stanzas sent again, or late, to sessions that went on', [
    'from',
  ]),
  smExpired: counter('starling_edge_sm_expired_total', 'Sessions whose client did not come back to this edge'),
  checkpointSeconds: histogram(
    'starling_edge_sm_checkpoint_seconds',
    'From writing a session’s record until it is stored',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2],
  ),
  checkpointFailures: counter(
    'starling_edge_sm_checkpoint_failures_total',
    'Records of sessions that could not be written',
  ),
  hookFailures: counter('starling_edge_hook_failures_total', 'Hooks of features that threw', ['phase']),
});

/** Label `outcome` of `binds`: bound; refused, the client’s fault or a bound of its account; nobody could say. */
export type BindOutcome = 'ok' | 'refused' | 'failed';

export type EdgeMetrics = MetricsOf<typeof edgeMetrics>;
