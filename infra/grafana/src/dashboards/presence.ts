import { type Dashboard, quantiles, rate, rateBy, sum } from '../declaration.ts';

export const presence: Dashboard = {
  name: 'presence',
  title: 'presence and groups',
  about: 'Who owns which users, and how presence gets from one to the other.',
  rows: [
    {
      title: 'Owners',
      panels: [
        {
          title: 'Partitions served',
          about: 'Of 256: users of the others cannot bind a resource.',
          unit: 'short',
          stacked: true,
          queries: [
            { expr: 'sum by (instance, state) (starling_presence_partitions{NS})', legend: '{{instance}} {{state}}' },
          ],
        },
        {
          title: 'Users and sessions owned',
          about: 'Of all presence processes.',
          unit: 'short',
          queries: [
            sum('starling_presence_users', 'users'),
            sum('starling_presence_sessions', 'sessions'),
            sum('starling_presence_orphans', 'whose edge is dead'),
          ],
        },
        {
          title: 'Learning a partition',
          about: 'From taking it until it is served. Only when members come and go.',
          unit: 's',
          queries: [
            {
              expr: 'sum(starling_presence_learn_seconds_sum{NS}) / (sum(starling_presence_learn_seconds_count{NS}) > 0)',
              legend: 'mean since the start',
            },
          ],
        },
        {
          title: 'Members',
          about: 'Of each group, as its members see it: all of them should agree.',
          unit: 'short',
          queries: [{ expr: 'max by (group) (starling_owners_members{NS})', legend: '{{group}}' }],
        },
        {
          title: 'Fenced members',
          about: 'That may not act now, for they have not heard of the others in time.',
          unit: 'short',
          queries: [{ expr: 'sum by (group) (starling_owners_fenced{NS})', legend: '{{group}}' }],
        },
        {
          title: 'Changes of the membership document',
          about: 'Its epoch, of each group.',
          unit: 'short',
          queries: [{ expr: 'max by (group) (starling_owners_epoch{NS})', legend: '{{group}}' }],
        },
      ],
    },
    {
      title: 'Presence',
      panels: [
        {
          title: 'What sessions did',
          about: 'Transitions, by kind.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_presence_transitions_total', 'kind')],
        },
        {
          title: 'Presences sent',
          about: 'To edges and to other owners; replaced by a newer one before they were sent.',
          unit: 'reqps',
          queries: [
            rateBy('starling_presence_emissions_out_total', 'to'),
            rate('starling_presence_coalesced_total', 'replaced'),
          ],
        },
        {
          title: 'Presences in a batch',
          about: 'What grouping saves.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (to) (rate(starling_presence_emissions_out_total{NS}[$__rate_interval])) / (sum by (to) (rate(starling_presence_batches_total{NS}[$__rate_interval])) > 0)',
              legend: '{{to}}',
            },
          ],
        },
        {
          title: 'Batches',
          about: 'Sent to edges and owners; what became of them at the edges.',
          unit: 'reqps',
          queries: [
            rateBy('starling_presence_batches_total', 'to'),
            rateBy('starling_edge_presence_batches_total', 'outcome'),
          ],
        },
        {
          title: 'Dropped',
          about: 'By reason; repaired by the next exchange.',
          unit: 'reqps',
          queries: [rateBy('starling_presence_dropped_total', 'reason')],
        },
        {
          title: 'Binds',
          about: 'As owners answered them: replaced is a resource that was taken from an older session.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_presence_binds_total', 'outcome')],
        },
      ],
    },
    {
      title: 'Rosters and accounts',
      panels: [
        {
          title: 'Requests to the roster service',
          about: 'By method.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (method) (rate(starling_rpc_server_requests_total{NS,service="roster"}[$__rate_interval]))',
              legend: '{{method}}',
            },
          ],
        },
        {
          title: 'Time of a request',
          about: 'From its arrival at the roster service to its answer.',
          unit: 's',
          queries: quantiles('starling_rpc_server_seconds', 'NS,service="roster"'),
        },
        {
          title: 'Rosters in memory',
          about: 'Hits and misses.',
          unit: 'reqps',
          queries: [rateBy('starling_roster_cache_reads_total', 'outcome')],
        },
        {
          title: 'Edits',
          about: 'In hand or waiting, and those of which nobody knows whether they were committed.',
          unit: 'short',
          queries: [sum('starling_roster_edits', 'edits'), sum('starling_roster_unsure_edits', 'unsure')],
        },
        {
          title: 'Answered by copies',
          about: 'Whether the database is away, as roster services see it.',
          unit: 'short',
          queries: [sum('starling_roster_database_away', 'database away')],
        },
        {
          title: 'Copies of accounts written',
          about: 'For the time when the database is away.',
          unit: 'reqps',
          queries: [rate('starling_roster_copies_written_total', 'written')],
        },
      ],
    },
  ],
};
