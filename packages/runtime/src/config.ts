import type { ConfigOf } from './config-spec.ts';
import { bytes, choice, configSpec, duration, port, secret, text } from './config-spec.ts';

/** What every process has, whatever service it runs. */
export const runtimeConfig = configSpec({
  file: text('STARLING_CONFIG', '', {}, 'YAML file with any of these keys; environment and flags go before it'),
  id: text(
    'STARLING_ID',
    '',
    { pattern: /^[A-Za-z0-9_-]{1,64}$/ },
    'name of this process, unique in the cluster; default: the service and a random part',
  ),
  logLevel: choice(
    'STARLING_LOG_LEVEL',
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
    'info',
    'least level that is logged',
  ),
  logUsers: choice('STARLING_LOG_USERS', ['hash', 'plain'], 'hash', 'how a bare JID appears in the log'),
  adminHost: text(
    'STARLING_ADMIN_HOST',
    '127.0.0.1',
    {},
    'address of /livez, /readyz, /metrics and the administration routes',
  ),
  adminPort: port('STARLING_ADMIN_PORT', 5290, 'port of the same; 0 = any'),
  adminToken: secret(
    'STARLING_ADMIN_TOKEN',
    '',
    'bearer token of the administration routes; without one only this machine may use them',
  ),
  stopMs: duration(
    'STARLING_STOP_TIMEOUT',
    '30s',
    { min: '1s' },
    'from SIGTERM to the end, whatever is still open; below terminationGracePeriodSeconds',
  ),
  quietMs: duration(
    'STARLING_QUIET_COLLECTION',
    '5s',
    { min: '0s', max: '1h' },
    'a process that has been nearly idle for so long gives back what is garbage; 0 = never',
  ),
  quietHeapMaxBytes: bytes(
    'STARLING_QUIET_COLLECTION_HEAP_MAX',
    '256MiB',
    { min: '0', max: '16GiB' },
    'not with a larger heap: it holds the process up for about a millisecond a megabyte',
  ),
  quietThoroughMaxBytes: bytes(
    'STARLING_QUIET_COLLECTION_THOROUGH_MAX',
    '48MiB',
    { min: '0', max: '16GiB' },
    'a larger heap is collected once, and keeps the memory in which new objects are born: all of it takes up to ten milliseconds a megabyte on a busy core',
  ),
});

export type RuntimeConfig = ConfigOf<typeof runtimeConfig>;
