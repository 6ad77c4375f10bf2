import { type Dashboard, quantiles, rate, rateBy, sum } from '../declaration.ts';

export const overview: Dashboard = {
  name: 'overview',
  title: 'overview',
  about: 'Whether users are well, and where to look next. The SLOs are those of infra/prometheus/rules/slo.yaml.',
  rows: [
    {
      title: 'Service levels',
      panels: [
        {
          title: 'Logins that fail by our fault, 1 h',
          about: 'Objective: less than 0.1 %. Wrong passwords do not count.',
          unit: 'percentunit',
          stat: true,
          thresholds: [0.001, 0.0144],
          queries: [{ expr: 'max(starling:login_errors:ratio_rate1h{NS})', legend: 'failing' }],
        },
        {
          title: 'Messages later than 1 s, 1 h',
          about: 'Objective: less than 0.1 % of the messages to connected clients.',
          unit: 'percentunit',
          stat: true,
          thresholds: [0.001, 0.0144],
          queries: [{ expr: 'max(starling:delivery_late:ratio_rate1h{NS})', legend: 'late' }],
        },
        {
          title: 'Archive late, share of 1 h',
          about:
            'Objective: for less than 0.5 % of the time something acknowledged is not in the database a minute later.',
          unit: 'percentunit',
          stat: true,
          thresholds: [0.005, 0.072],
          queries: [{ expr: 'max(starling:archive_late:ratio_time1h{NS})', legend: 'late' }],
        },
        {
          title: 'Budget left: logins, 3 d',
          about: 'Of the errors that are allowed, at the rate of the last three days.',
          unit: 'percentunit',
          stat: true,
          thresholds: [0.5, 0.1],
          queries: [{ expr: '1 - max(starling:login_errors:ratio_rate3d{NS}) / 0.001', legend: 'left' }],
        },
        {
          title: 'Budget left: delivery, 3 d',
          about: 'Of the late messages that are allowed, at the rate of the last three days.',
          unit: 'percentunit',
          stat: true,
          thresholds: [0.5, 0.1],
          queries: [{ expr: '1 - max(starling:delivery_late:ratio_rate3d{NS}) / 0.001', legend: 'left' }],
        },
        {
          title: 'Alerts',
          about: 'That fire now; docs/runbooks.md has a section for each.',
          unit: 'short',
          stat: true,
          thresholds: [1, 3],
          queries: [
            { expr: 'count(ALERTS{NS,alertname=~"Starling.+",alertstate="firing"}) or vector(0)', legend: 'firing' },
          ],
        },
      ],
    },
    {
      title: 'What users do',
      panels: [
        {
          title: 'Sessions',
          about: 'Bound sessions, and those whose client is away and may come back (XEP-0198).',
          unit: 'short',
          queries: [
            sum('starling_edge_connections', 'connections'),
            sum('starling_edge_sessions', 'sessions'),
            sum('starling_edge_sm_detached', 'away, may resume'),
          ],
        },
        {
          title: 'Messages accepted',
          about:
            'By fate: archived is for the history, passing waits offline but is not archived, live is for now only.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_messages_total', 'fate')],
        },
        {
          title: 'Time to delivery',
          about: 'From the sender’s edge to the recipient’s socket. The clocks of both nodes count.',
          unit: 's',
          queries: quantiles('starling_edge_delivery_seconds'),
        },
        {
          title: 'Logins',
          about: 'By outcome. not-authorized is a wrong password; temporary-auth-failure is ours.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_logins_total', 'outcome')],
        },
        {
          title: 'Resumes',
          about: 'Sessions that went on after their connection, or their edge, was gone.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_sm_resumes_total', 'outcome, cause')],
        },
        {
          title: 'Stanza errors',
          about: 'Answers of type error, by condition. resource-constraint and internal-server-error are ours.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_stanza_errors_total', 'condition')],
        },
      ],
    },
    {
      title: 'How the cluster is',
      panels: [
        {
          title: 'Processes that are ready',
          about: 'Of each service. What goes down here and does not come back is StarlingServiceGone.',
          unit: 'short',
          queries: [
            {
              expr: 'sum by (service) (starling_build_info{NS} * on (instance) group_left () starling_runtime_ready{NS})',
              legend: '{{service}}',
            },
          ],
        },
        {
          title: 'Use of bounds',
          about:
            'Each queue against its bound, the fullest process. At 100 % something is refused, dropped or made to wait.',
          unit: 'percentunit',
          max: 1,
          queries: [{ expr: 'max by (queue) (starling:queue_use:ratio{NS})', legend: '{{queue}}' }],
        },
        {
          title: 'Event loop delay, 99 of 100',
          about: 'What everything in that process waits. Above 0.2 s users feel it; at 3 s others take it for dead.',
          unit: 's',
          queries: [
            { expr: 'max by (instance) (starling:event_loop_delay_seconds:p99_5m{NS})', legend: '{{instance}}' },
          ],
        },
        {
          title: 'Log against its bound',
          about: 'Each stream. A full one refuses messages.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max by (stream) (starling_log_stream_bytes{NS} / (starling_log_stream_limit_bytes{NS} > 0))',
              legend: 'M{{stream}}',
            },
          ],
        },
        {
          title: 'Not yet in the database',
          about:
            'Age of the oldest acknowledged entry that PostgreSQL does not have. It grows while PostgreSQL is away.',
          unit: 's',
          queries: [{ expr: 'max by (stream) (starling_archive_behind_seconds{NS})', legend: 'M{{stream}}' }],
        },
        {
          title: 'Requests between services that fail',
          about: 'Nobody there, no answer in time, or a fault of ours.',
          unit: 'reqps',
          queries: [
            rate('starling_rpc_client_requests_total', 'all'),
            {
              expr: 'sum(rate(starling_rpc_client_requests_total{NS,outcome=~"timeout|unavailable|failed"}[$__rate_interval])) or vector(0)',
              legend: 'failed',
            },
          ],
        },
      ],
    },
  ],
};
