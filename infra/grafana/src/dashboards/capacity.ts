import { type Dashboard, quantiles } from '../declaration.ts';

const byProcess = (expr: string) => [{ expr, legend: '{{instance}}' }];

export const capacity: Dashboard = {
  name: 'capacity',
  title: 'capacity',
  about: 'How much of what there is is used, and when more is needed.',
  rows: [
    {
      title: 'Processes',
      panels: [
        {
          title: 'Use of the event loop',
          about: 'A process has one core for what it does. Above 85 % delays grow quickly: add processes.',
          unit: 'percentunit',
          max: 1,
          queries: byProcess(
            'sum by (instance) (rate(starling_runtime_event_loop_active_seconds_total{NS}[$__rate_interval]))',
          ),
        },
        {
          title: 'CPU',
          about: 'Of the process, its helper threads included.',
          unit: 'percentunit',
          queries: byProcess('sum by (instance) (rate(starling_process_cpu_seconds_total{NS}[$__rate_interval]))'),
        },
        {
          title: 'Event loop delay',
          about: 'Of all processes together.',
          unit: 's',
          queries: quantiles('starling_runtime_event_loop_delay_seconds'),
        },
        {
          title: 'Memory',
          about: 'Resident.',
          unit: 'bytes',
          queries: byProcess('sum by (instance) (starling_process_resident_memory_bytes{NS})'),
        },
        {
          title: 'Heap',
          about: 'Of V8, in use.',
          unit: 'bytes',
          queries: byProcess('sum by (instance) (starling_nodejs_heap_size_used_bytes{NS})'),
        },
        {
          title: 'Garbage collection',
          about: 'Share of the time.',
          unit: 'percentunit',
          queries: byProcess('sum by (instance) (rate(starling_nodejs_gc_duration_seconds_sum{NS}[$__rate_interval]))'),
        },
      ],
    },
    {
      title: 'Room',
      panels: [
        {
          title: 'Connections against their bound',
          about: 'Of all edges together.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'sum(starling_queue_used{NS,queue="edge_connections"}) / sum(starling_queue_limit{NS,queue="edge_connections"})',
              legend: 'used',
            },
          ],
        },
        {
          title: 'Queues and pools against their bounds',
          about: 'The fullest process of each.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max by (queue) (starling_queue_used{NS,queue!~"session_.*"} / (starling_queue_limit{NS,queue!~"session_.*"} > 0))',
              legend: '{{queue}}',
            },
          ],
        },
        {
          title: 'Log against its bound',
          about: 'The fullest stream.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max(starling_log_stream_bytes{NS} / (starling_log_stream_limit_bytes{NS} > 0))',
              legend: 'used',
            },
          ],
        },
      ],
    },
    {
      title: 'What one costs',
      panels: [
        {
          title: 'Memory of a session',
          about: 'Of the edges, all of it divided by the sessions.',
          unit: 'bytes',
          queries: [
            {
              expr: 'sum(starling_process_resident_memory_bytes{NS} and on (instance) starling_build_info{NS,service="edge"}) / sum(starling_edge_sessions{NS} > 0)',
              legend: 'edges / sessions',
            },
          ],
        },
        {
          title: 'CPU of a message',
          about: 'All processes’ CPU divided by the messages accepted: meaningful under load only.',
          unit: 's',
          queries: [
            {
              expr: 'sum(rate(starling_process_cpu_seconds_total{NS}[5m])) / (sum(rate(starling_edge_messages_total{NS}[5m])) > 0)',
              legend: 'CPU / message',
            },
          ],
        },
        {
          title: 'Bytes of the database for a message',
          about: 'Growth of the database divided by the rows written, of the last hour.',
          unit: 'bytes',
          queries: [
            {
              expr: 'clamp_min(max(delta(starling_db_server_size_bytes{NS}[1h])), 0) / (sum(increase(starling_archive_entries_total{NS,outcome="written"}[1h])) > 0)',
              legend: 'bytes / row',
            },
          ],
        },
      ],
    },
    {
      title: 'What runs here',
      panels: [
        {
          title: 'Versions',
          about: 'Two of them during a roll-out; for long: it is stuck.',
          unit: 'short',
          queries: [
            {
              expr: 'count by (service, version, node) (starling_build_info{NS})',
              legend: '{{service}} {{version}}, Node {{node}}',
            },
          ],
        },
        {
          title: 'Stopping',
          about: 'How long processes have been stopping, against the time that they have.',
          unit: 's',
          queries: [
            { expr: 'max(starling_runtime_stopping_seconds{NS})', legend: 'stopping for' },
            { expr: 'max(starling_runtime_stop_limit_seconds{NS})', legend: 'cut off after' },
          ],
        },
        {
          title: 'Log lines',
          about: 'By level.',
          unit: 'reqps',
          queries: [
            {
              expr: 'sum by (level) (rate(starling_runtime_log_lines_total{NS}[$__rate_interval]))',
              legend: '{{level}}',
            },
          ],
        },
      ],
    },
  ],
};
