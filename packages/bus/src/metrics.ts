import type { Method } from '@starling/contracts';
import { counter, gauge, histogram, type MetricsOf, metricsSpec } from '@starling/runtime';

const RPC_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];

export const busMetrics = metricsSpec({
  appendSeconds: histogram(
    'starling_log_append_seconds',
    'From append to the acknowledgement of a majority (embedded: of the archive)',
    [0.0005, 0.001, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
  ),
  appendFailures: counter('starling_log_append_failures_total', 'Appends that ended in an error', {
    reason: ['full', 'unavailable', 'busy'],
  }),
  appendRetries: counter('starling_log_append_retries_total', 'Appends that were sent again'),
  duplicateAtFirst: counter(
    'starling_log_duplicate_first_attempts_total',
    'First attempts whose id the log had: a client sent again, or two entries share an id, which is a fault',
  ),
  logStreams: gauge('starling_log_streams', 'Streams that the log consists of, as this process is configured'),
  pendingAppends: gauge('starling_log_pending_appends', 'Appends without an answer'),
  openRequests: gauge('starling_bus_open_requests', 'Requests without an answer'),
  dropped: counter(
    'starling_bus_dropped_messages_total',
    'Messages at most once that were dropped: no connection, or a server that does not keep up',
  ),
  connected: gauge('starling_bus_connected', 'Whether this process is connected to a NATS server now; 1 without NATS'),
  messages: counter('starling_bus_messages_total', 'Messages sent to and got from NATS', ['direction']),
  own: counter(
    'starling_bus_own_messages_total',
    'Messages that this process has published and has subscribed to itself, delivered without NATS',
  ),
  bytes: counter('starling_bus_bytes_total', 'Their bytes', ['direction']),
  reconnects: counter(
    'starling_bus_reconnects_total',
    'Times that the connection to the bus came back, or messages were lost',
  ),
});

/** Who asks (client) and who answers (server) see different things: what lies between is the bus. */
export const rpcMetrics = metricsSpec({
  clientRequests: counter('starling_rpc_client_requests_total', 'Requests to a service, by what came of them', [
    'service',
    'method',
    'outcome',
  ]),
  clientSeconds: histogram('starling_rpc_client_seconds', 'From asking to the answer, or to giving up', RPC_BUCKETS, [
    'service',
    'method',
  ]),
  serverRequests: counter('starling_rpc_server_requests_total', 'Requests that this process has answered', [
    'service',
    'method',
    'outcome',
  ]),
  serverSeconds: histogram('starling_rpc_server_seconds', 'From the arrival of a request to its answer', RPC_BUCKETS, [
    'service',
    'method',
  ]),
});

/** Label `outcome` of served requests: answered; answered with a condition; a mistake of ours. */
export type ServedOutcome = 'ok' | 'refused' | 'failed';
/** Label `outcome` of asked ones: besides, nobody answered in time; nobody is there, or too many are open. */
export type CalledOutcome = ServedOutcome | 'timeout' | 'unavailable';

/** Counts requests, on both sides. */
export interface CallObserver {
  called(method: MethodName, outcome: CalledOutcome, seconds: number): void;
  served(method: MethodName, outcome: ServedOutcome, seconds: number): void;
}
type MethodName = Pick<Method<never, unknown>, 'service' | 'name'>;

export function observeCalls(metrics: MetricsOf<typeof rpcMetrics>): CallObserver {
  const { clientRequests, clientSeconds, serverRequests, serverSeconds } = metrics;
  return {
    called({ service, name: method }, outcome, seconds) {
      clientRequests.inc(1, { service, method, outcome });
      clientSeconds.observe(seconds, { service, method });
    },
    served({ service, name: method }, outcome, seconds) {
      serverRequests.inc(1, { service, method, outcome });
      serverSeconds.observe(seconds, { service, method });
    },
  };
}

export type BusMetrics = MetricsOf<typeof busMetrics>;

/** Label `reason` of appendFailures. */
export type AppendFailure = 'full' | 'unavailable' | 'busy';

/** What the two logs tell about their appends. */
export interface AppendObserver {
  /** @param seconds from append to acknowledgement */
  appended(seconds: number): void;
  failed(reason: AppendFailure): void;
  /** An append was sent again. */
  retried(): void;
  /** The log had the id of a first attempt already. */
  duplicateAtFirst(): void;
}

/** Counts into the instruments; into nothing without. */
export function observeAppends(metrics: BusMetrics | undefined): AppendObserver {
  const nothing = () => {};
  if (metrics === undefined) return { appended: nothing, failed: nothing, retried: nothing, duplicateAtFirst: nothing };
  return {
    appended: (seconds) => metrics.appendSeconds.observe(seconds),
    failed: (reason) => metrics.appendFailures.inc(1, { reason }),
    retried: () => metrics.appendRetries.inc(),
    duplicateAtFirst: () => metrics.duplicateAtFirst.inc(),
  };
}
