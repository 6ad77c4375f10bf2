import { configSpec, duration, int, text } from '@starling/runtime';

export const traceConfig = configSpec({
  url: text(
    'STARLING_TRACE_URL',
    '',
    { pattern: /^https?:\/\/\S+$/ },
    'where traces of stanzas go, a collector’s OTLP over HTTP, as http://collector:4318/v1/traces; empty = there are none',
  ),
  perMillion: int(
    'STARLING_TRACE_PER_MILLION',
    0,
    { max: 1_000_000 },
    'of a million stanzas that clients send so many are traced',
  ),
  users: text(
    'STARLING_TRACE_USERS',
    '',
    {},
    'bare JIDs, separated by commas: every stanza from or to one of these is traced',
  ),
  queueMax: int(
    'STARLING_TRACE_QUEUE_MAX',
    2_048,
    { min: 1, max: 1_000_000 },
    'hops that wait for the collector; what is more is dropped',
  ),
  intervalMs: duration(
    'STARLING_TRACE_INTERVAL',
    '2s',
    { min: '10ms', max: '60s' },
    'how long hops are gathered before they are sent',
  ),
  timeoutMs: duration(
    'STARLING_TRACE_TIMEOUT',
    '5s',
    { min: '10ms', max: '60s' },
    'how long the collector has to take what it is sent; then it is dropped',
  ),
});
