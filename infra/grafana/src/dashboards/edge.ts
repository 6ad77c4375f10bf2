import { type Dashboard, quantiles, rate, rateBy, sum } from '../declaration.ts';

export const edge: Dashboard = {
  name: 'edge',
  title: 'edges',
  about: 'Clients, their streams, and what passes through the edges.',
  rows: [
    {
      title: 'Clients',
      panels: [
        {
          title: 'Connections of each edge',
          about: 'They stay where they are: a new edge fills as clients come back.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: 'sum by (instance) (starling_edge_connections{NS})', legend: '{{instance}}' }],
        },
        {
          title: 'Users and sessions',
          about: 'A user with sessions on two edges counts on both.',
          unit: 'short',
          queries: [sum('starling_edge_users', 'users'), sum('starling_edge_sessions', 'sessions')],
        },
        {
          title: 'Bounds reached',
          about: 'Connections refused or closed, by the bound.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (limit) (rate(starling_edge_limits_reached_total{NS}[$__rate_interval])) or on () vector(0)',
              legend: '{{limit}}',
            },
            rate('starling_edge_inbound_queue_full_total', 'client’s queue full'),
          ],
        },
        {
          title: 'The fullest session’s queues',
          about:
            'Against their bounds, of all sessions the fullest. A client that does not take what it gets fills its send buffer and its queue of stream management (XEP-0198), one that sends faster than the log takes its inbound queue.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max by (queue) (starling_queue_used{NS,queue=~"session_.*"} / (starling_queue_limit{NS,queue=~"session_.*"} > 0))',
              legend: '{{queue}}',
            },
          ],
        },
        {
          title: 'Logins',
          about: 'Finished SASL exchanges, by outcome.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_logins_total', 'outcome')],
        },
        {
          title: 'Binds',
          about: 'Resources asked for, behind a login: failed is when the presence owner could not be asked.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_binds_total', 'outcome')],
        },
        {
          title: 'Streams closed with an error',
          about: 'By condition (RFC 6120 §4.9.3). connection-timeout is a client that was not heard.',
          unit: 'reqps',
          queries: [rateBy('starling_edge_stream_errors_total', 'condition')],
        },
      ],
    },
    {
      title: 'Stanzas',
      panels: [
        {
          title: 'From clients',
          about: 'By kind.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_stanzas_in_total', 'kind')],
        },
        {
          title: 'To clients',
          about: 'By kind.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_stanzas_out_total', 'kind')],
        },
        {
          title: 'Bytes',
          about: 'Read from and written to clients, without TLS.',
          unit: 'binBps',
          queries: [rate('starling_edge_bytes_in_total', 'in'), rate('starling_edge_bytes_out_total', 'out')],
        },
        {
          title: 'Accept',
          about: 'From the acceptance of a message until both logs have it, and its sender may hear of it.',
          unit: 's',
          queries: quantiles('starling_edge_accept_seconds', 'NS,fate!="live"'),
        },
        {
          title: 'Time to delivery by fate',
          about: 'From the sender’s edge to the recipient’s socket. The clocks of both nodes count.',
          unit: 's',
          queries: quantiles('starling_edge_delivery_seconds', 'NS', 'fate'),
        },
        {
          title: 'Messages waiting for the log',
          about: 'While the table of pending appends is full, edges stop reading.',
          unit: 'short',
          queries: [sum('starling_edge_appends_waiting', 'waiting'), sum('starling_log_pending_appends', 'under way')],
        },
        {
          title: 'Gaps fetched',
          about:
            'Entries that did not come by themselves and were fetched from the archive: missed by a later one, or by the digest; epoch: a stream was made anew.',
          unit: 'reqps',
          queries: [rateBy('starling_edge_gaps_total', 'cause')],
        },
        {
          title: 'Before they were sent',
          about: 'Messages whose time to delivery was negative: clocks are apart.',
          unit: 'reqps',
          queries: [rate('starling_edge_deliveries_early_total', 'early')],
        },
        {
          title: 'Offline messages',
          about: 'That had waited and were delivered.',
          unit: 'reqps',
          queries: [rate('starling_edge_offline_messages_total', 'delivered')],
        },
      ],
    },
    {
      title: 'Sessions that go on (XEP-0198)',
      panels: [
        {
          title: 'Resumes by outcome',
          about: 'handed-over: its edge was still there; edge-dead: from the last record.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_edge_sm_resumes_total', 'outcome, cause')],
        },
        {
          title: 'Away, given away, expired',
          about:
            'Sessions without a connection now; those that went on elsewhere; those whose client did not come back.',
          unit: 'short',
          queries: [
            sum('starling_edge_sm_detached', 'away now'),
            rate('starling_edge_sm_released_total', 'went on, a second'),
            rate('starling_edge_sm_expired_total', 'expired, a second'),
          ],
        },
        {
          title: 'Records written',
          about: 'From writing a session’s record until it is stored: acknowledgements wait for it, 200 ms at most.',
          unit: 's',
          queries: quantiles('starling_edge_sm_checkpoint_seconds'),
        },
      ],
    },
    {
      title: 'Whom edges ask',
      panels: [
        {
          title: 'Requests by method',
          about: 'What edges ask other services.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (service, method) (rate(starling_rpc_client_requests_total{NS}[$__rate_interval]))',
              legend: '{{service}} {{method}}',
            },
          ],
        },
        {
          title: 'Slowest of a hundred, by method',
          about: 'As the asker sees it.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.99, sum by (service, method, le) (rate(starling_rpc_client_seconds_bucket{NS}[$__rate_interval])))',
              legend: '{{service}} {{method}}',
            },
          ],
        },
        {
          title: 'By outcome',
          about:
            'unavailable: nobody is there; timeout: too late; refused: with a condition, as it should be; failed: a fault of ours.',
          unit: 'reqps',
          queries: [rateBy('starling_rpc_client_requests_total', 'outcome')],
        },
        {
          title: 'Certificate',
          about: 'Days until it ends.',
          unit: 'd',
          stat: true,
          thresholds: [14, 2],
          queries: [
            {
              expr: 'min((starling_edge_certificate_expiry_timestamp_seconds{NS} - time()) / 86400)',
              legend: 'days',
            },
          ],
        },
      ],
    },
  ],
};
