import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

/**
 * Label `reason` of `dropped`: batches of an unknown incarnation, or that this process may not act on; held beyond the bound; contacts
 * that could not be had; when users were last there; what sessions owed that are over.
 */
const DROP_REASONS = [
  'stale',
  'fenced',
  'unreadable',
  'held',
  'contacts',
  'waiting',
  'too-large',
  'last-seen',
  'owed',
] as const;

export const presenceMetrics = metricsSpec({
  sessions: gauge('starling_presence_sessions', 'Sessions of the users whose presence this process owns'),
  users: gauge('starling_presence_users', 'Users whose presence this process owns and who have a session'),
  partitions: gauge('starling_presence_partitions', 'Partitions that this process owns', ['state']),
  learnSeconds: histogram(
    'starling_presence_learn_seconds',
    'From taking a partition until it is served',
    [0.005, 0.02, 0.1, 0.3, 1, 3, 10, 30],
  ),
  binds: counter('starling_presence_binds_total', 'Requests to bind a resource', {
    outcome: ['ok', 'replaced', 'resumed', 'elsewhere', 'too-many', 'over'],
  }),
  transitions: counter('starling_presence_transitions_total', 'What sessions did', ['kind']),
  emissionsIn: counter('starling_presence_emissions_in_total', 'Presences that arrived for users of this process'),
  emissionsOut: counter('starling_presence_emissions_out_total', 'Presences sent to edges and presence services', [
    'to',
  ]),
  coalesced: counter('starling_presence_coalesced_total', 'Presences replaced by a newer one before they were sent'),
  deliveries: counter('starling_presence_deliveries_total', 'Addressees of presences sent to edges'),
  batches: counter('starling_presence_batches_total', 'Batches sent', ['to']),
  probes: counter('starling_presence_probes_total', 'Addressees of probes answered'),
  holes: counter('starling_presence_holes_total', 'Losses seen by the numbers of batches', ['from']),
  wanted: counter('starling_presence_wanted_total', 'Partitions whose sessions an edge was asked for', ['reason']),
  missed: counter('starling_presence_missed_total', 'Times that an edge was asked for everything', ['reason']),
  deadEdges: counter('starling_presence_dead_edges_total', 'Edges that are gone, their sessions ended'),
  orphans: gauge('starling_presence_orphans', 'Sessions whose edge is dead and whose clients may come back'),
  expired: counter(
    'starling_presence_expired_sessions_total',
    'Sessions whose client did not come back to another edge',
  ),
  held: gauge('starling_presence_held', 'Addressees that wait until a partition is known'),
  loads: counter('starling_presence_contact_loads_total', 'Questions for the contacts of a user', ['outcome']),
  dropped: counter('starling_presence_dropped_total', 'What was not done', { reason: DROP_REASONS }),
});

export type PresenceMetrics = MetricsOf<typeof presenceMetrics>;
export type DropReason = (typeof DROP_REASONS)[number];
