import { counter, gauge, type MetricsOf, metricsSpec } from '@starling/runtime';

export const rosterMetrics = metricsSpec({
  requests: counter('starling_roster_requests_total', 'Requests answered', ['method', 'outcome']),
  notices: counter(
    'starling_roster_notices_total',
    'Creations and removals of accounts, changes of their block lists, written to their logs',
    ['kind'],
  ),
  changes: counter('starling_roster_changes_total', 'Rosters or waiting requests that were changed, by cause', [
    'cause',
  ]),
  requestsDropped: counter(
    'starling_roster_subscription_requests_dropped_total',
    'Subscription requests that were not kept because too many wait for the same account',
  ),
  edits: gauge('starling_roster_edits', 'Edits in hand or waiting for their turn'),
  unsureEdits: gauge('starling_roster_unsure_edits', 'Edits of which nobody knows yet whether they were committed'),
  cacheReads: counter('starling_roster_cache_reads_total', 'Rosters looked up in memory', ['outcome']),
  cacheBytes: gauge('starling_roster_cache_bytes', 'Rosters kept in memory, about'),
  databaseAway: gauge('starling_roster_database_away', 'Whether copies answer, because the database does not'),
  copiesWritten: counter('starling_roster_copies_written_total', 'Copies of accounts written outside of the database'),
  copiesRead: counter(
    'starling_roster_copies_read_total',
    'Questions that the database did not answer, by whether a copy did',
    ['outcome'],
  ),
  copiesQueued: gauge('starling_roster_copies_queued', 'Accounts that have logged in and wait to be copied'),
  copiesDropped: counter(
    'starling_roster_copies_dropped_total',
    'Accounts that have logged in and were not copied: too many wait, or the database or the store is away',
  ),
  copiesTooLarge: counter('starling_roster_copies_too_large_total', 'Accounts that are too large for a copy'),
  fastBacklog: gauge(
    'starling_roster_fast_backlog',
    'Accounts whose tokens (XEP-0484) wait to be written to the database behind the records',
  ),
  fastBacklogDropped: counter(
    'starling_roster_fast_backlog_dropped_total',
    'Of those, not written for want of room: they are at the next change of their tokens',
  ),
  farewells: counter('starling_roster_farewells_total', 'Removed accounts whose contacts have all been told'),
});

export type RosterMetrics = MetricsOf<typeof rosterMetrics>;
/** Label `cause` of changes. */
export type ChangeCause = 'set' | 'remove' | 'subscription' | 'farewell';
