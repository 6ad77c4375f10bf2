/**
 * The dictionary of the log: every line has a `what` from here. '<noun>_<verbed>', or '<noun>_failed' (with `err`). Sorted. Add your
 * words; do not vary one that exists.
 */
export const WHAT = [
  'account_notice_failed',
  'admin_request_failed',
  'archive_writer_failed',
  'bus_disconnected',
  'bus_failed',
  'bus_handler_failed',
  'bus_reconnected',
  'certificate_loaded',
  'db_connection_lost',
  'db_failed',
  'db_opened',
  'envelope_decode_failed',
  'hook_failed',
  'http_request_failed',
  'lease_release_failed',
  'log_end_lookup_failed',
  'log_trim_failed',
  'negotiation_failed',
  'process_failed',
  'request_handling_failed',
  'service_ready',
  'service_start_failed',
  'service_starting',
  'service_stop_failed',
  'service_stop_forced',
  'service_stopped',
  'service_stopping',
  'session_bound',
  'session_ended',
  'stanza_handling_failed',
  'stream_acquire_failed',
  'stream_acquired',
  'stream_recreated',
  'stream_released',
  'uws_load_failed',
] as const;

export type What = (typeof WHAT)[number];
