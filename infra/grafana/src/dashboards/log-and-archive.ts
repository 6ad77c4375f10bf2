import { type Dashboard, quantiles, rate, rateBy, sum } from '../declaration.ts';

export const logAndArchive: Dashboard = {
  name: 'log-and-archive',
  title: 'log and archive',
  about: 'From the acknowledgement of a message to its row in PostgreSQL, and what reads it.',
  rows: [
    {
      title: 'Log',
      panels: [
        {
          title: 'Append',
          about: 'From append to the acknowledgement of a majority.',
          unit: 's',
          queries: quantiles('starling_log_append_seconds'),
        },
        {
          title: 'Appends',
          about: 'Acknowledged, sent again, and those that ended in an error.',
          unit: 'reqps',
          queries: [
            rate('starling_log_append_seconds_count', 'acknowledged'),
            rate('starling_log_append_retries_total', 'sent again'),
            rateBy('starling_log_append_failures_total', 'reason'),
          ],
        },
        {
          title: 'Pending appends',
          about: 'Against their bound, of the fullest edge.',
          unit: 'percentunit',
          max: 1,
          queries: [
            {
              expr: 'max by (queue) (starling_queue_used{NS,queue=~"log_append.*"} / (starling_queue_limit{NS,queue=~"log_append.*"} > 0))',
              legend: '{{queue}}',
            },
          ],
        },
        {
          title: 'Size of each stream',
          about: 'At least ten minutes of traffic stay, and all that is not written yet.',
          unit: 'bytes',
          queries: [{ expr: 'max by (stream) (starling_log_stream_bytes{NS})', legend: 'M{{stream}}' }],
        },
        {
          title: 'Time until the log is full',
          about: 'At the growth of the last ten minutes, the fullest stream; a thousand hours when it does not grow.',
          unit: 's',
          queries: [
            {
              expr: 'min(clamp_max((starling_log_stream_limit_bytes{NS} - starling_log_stream_bytes{NS}) / clamp_min(deriv(starling_log_stream_bytes{NS}[10m]), 1), 3.6e6) and starling_log_stream_limit_bytes{NS} > 0)',
              legend: 'left',
            },
          ],
        },
        {
          title: 'Copies',
          about: 'Of all streams: those that there should be, and those that are up to date.',
          unit: 'short',
          queries: [{ expr: 'sum by (state) (starling_log_stream_replicas{NS})', legend: '{{state}}' }],
        },
      ],
    },
    {
      title: 'Archive',
      panels: [
        {
          title: 'Not yet in the database',
          about: 'Age of the oldest acknowledged entry.',
          unit: 's',
          queries: [{ expr: 'max by (stream) (starling_archive_behind_seconds{NS})', legend: 'M{{stream}}' }],
        },
        {
          title: 'Entries behind',
          about: 'In the log and not read; read and not written.',
          unit: 'short',
          queries: [
            sum('starling_log_unread_entries', 'not read'),
            sum('starling_archive_behind_entries', 'not written'),
          ],
        },
        {
          title: 'From the log to the row',
          about: 'Of the oldest entry of each batch.',
          unit: 's',
          queries: quantiles('starling_archive_lag_seconds'),
        },
        {
          title: 'Entries done with',
          about: 'By what became of them: rejected is a recipient that does not exist.',
          unit: 'reqps',
          stacked: true,
          queries: [rateBy('starling_archive_entries_total', 'outcome')],
        },
        {
          title: 'Batches',
          about: 'Time of one transaction; its size is entries done with, divided by the batches.',
          unit: 's',
          queries: quantiles('starling_archive_write_seconds'),
        },
        {
          title: 'Batches and trouble',
          about: 'Written; tried again because the database was away; written already by another archive.',
          unit: 'reqps',
          queries: [
            rate('starling_archive_write_seconds_count', 'written'),
            rate('starling_archive_write_retries_total', 'tried again'),
            rate('starling_archive_lost_races_total', 'another was faster'),
          ],
        },
        {
          title: 'Memory of the tail',
          about: 'What is read and not written, and what is kept for readers.',
          unit: 'bytes',
          queries: [sum('starling_archive_tail_bytes', 'not written'), sum('starling_archive_recent_bytes', 'recent')],
        },
        {
          title: 'Streams with an owner',
          about: 'Of each process; together all of them.',
          unit: 'short',
          stacked: true,
          queries: [{ expr: 'sum by (instance) (starling_archive_streams{NS})', legend: '{{instance}}' }],
        },
        {
          title: 'Lost',
          about: 'Times that the log had lost entries before they were written: must be 0.',
          unit: 'short',
          stat: true,
          thresholds: [1, 1],
          queries: [sum('starling_archive_holes_total', 'holes')],
        },
      ],
    },
    {
      title: 'Readers',
      panels: [
        {
          title: 'Gap reads',
          about: 'By where the answer came from.',
          unit: 'reqps',
          queries: [rateBy('starling_archive_gap_requests_total', 'source')],
        },
        {
          title: 'Pages of history (XEP-0313)',
          about: 'By outcome.',
          unit: 'reqps',
          queries: [rateBy('starling_archive_pages_total', 'outcome')],
        },
        {
          title: 'One page',
          about: 'From the request to the answer.',
          unit: 's',
          queries: quantiles('starling_archive_page_seconds'),
        },
      ],
    },
  ],
};
