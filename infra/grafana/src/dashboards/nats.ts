import { type Dashboard, quantiles, rate, rateBy, sum } from '../declaration.ts';

export const nats: Dashboard = {
  name: 'nats',
  title: 'NATS',
  about:
    'NATS as Starling sees it: connections, traffic, streams. What the servers say of themselves is in the dashboards that come with the NATS chart’s exporter.',
  rows: [
    {
      title: 'Connections',
      panels: [
        {
          title: 'Connected',
          about: 'Processes with a connection, and those without.',
          unit: 'short',
          queries: [
            sum('starling_bus_connected', 'connected'),
            { expr: 'count(starling_bus_connected{NS} == 0) or vector(0)', legend: 'not connected' },
          ],
        },
        {
          title: 'Reconnections',
          about: 'By process, of the last ten minutes.',
          unit: 'short',
          queries: [
            { expr: 'sum by (instance) (increase(starling_bus_reconnects_total{NS}[10m]))', legend: '{{instance}}' },
          ],
        },
        {
          title: 'Not yet taken by the server',
          about: 'Backlog of the socket; beyond its bound live messages are dropped.',
          unit: 'bytes',
          queries: [
            {
              expr: 'max by (instance) (starling_queue_used{NS,queue="bus_backlog_bytes"})',
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Traffic',
      panels: [
        {
          title: 'Messages',
          about: 'Between Starling and NATS.',
          unit: 'reqps',
          queries: [rateBy('starling_bus_messages_total', 'direction')],
        },
        {
          title: 'Bytes',
          about: 'Between Starling and NATS.',
          unit: 'binBps',
          queries: [rateBy('starling_bus_bytes_total', 'direction')],
        },
        {
          title: 'Dropped',
          about: 'Live messages: no connection, or a server that does not keep up.',
          unit: 'reqps',
          queries: [rate('starling_bus_dropped_messages_total', 'dropped')],
        },
        {
          title: 'Open requests',
          about: 'Without an answer yet.',
          unit: 'short',
          queries: [{ expr: 'sum by (instance) (starling_bus_open_requests{NS})', legend: '{{instance}}' }],
        },
        {
          title: 'Requests by service',
          about: 'What all processes ask one another.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_rpc_client_requests_total', 'service')],
        },
        {
          title: 'What the bus adds',
          about:
            'A request as the asker sees it, and as the one who answers sees it: between them lie NATS and two event loops.',
          unit: 's',
          queries: [
            {
              expr: 'sum(rate(starling_rpc_client_seconds_sum{NS}[$__rate_interval])) / sum(rate(starling_rpc_client_seconds_count{NS}[$__rate_interval]))',
              legend: 'asker, mean',
            },
            {
              expr: 'sum(rate(starling_rpc_server_seconds_sum{NS}[$__rate_interval])) / sum(rate(starling_rpc_server_seconds_count{NS}[$__rate_interval]))',
              legend: 'answerer, mean',
            },
          ],
        },
      ],
    },
    {
      title: 'JetStream',
      panels: [
        {
          title: 'Append',
          about: 'From append to the acknowledgement of a majority.',
          unit: 's',
          queries: quantiles('starling_log_append_seconds'),
        },
        {
          title: 'Streams of the log against their bound',
          about: 'A full one refuses messages.',
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
          title: 'Entries held',
          about: 'Of each stream.',
          unit: 'short',
          queries: [{ expr: 'max by (stream) (starling_log_stream_entries{NS})', legend: 'M{{stream}}' }],
        },
        {
          title: 'Streams that do not answer',
          about: 'No leader, or no server.',
          unit: 'short',
          queries: [sum('starling_log_stream_silent', 'silent')],
        },
        {
          title: 'Copies missing or behind',
          about: 'Of all streams.',
          unit: 'short',
          queries: [
            {
              expr: 'sum(starling_log_stream_replicas{NS,state="wanted"}) - sum(starling_log_stream_replicas{NS,state="current"})',
              legend: 'missing',
            },
          ],
        },
        {
          title: 'Records of sessions',
          about: 'From writing a record until it is stored (stream S).',
          unit: 's',
          queries: quantiles('starling_edge_sm_checkpoint_seconds'),
        },
      ],
    },
  ],
};
