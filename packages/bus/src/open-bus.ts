import { type Logger, type MetricsRegistry, silentLogger, trackQueues } from '@starling/runtime';
import type { Bus } from './bus.ts';
import type { BusConfig } from './config.ts';
import { JetStreamLog } from './jetstream-log.ts';
import type { Log } from './log.ts';
import { MemoryBus } from './memory-bus.ts';
import { MemoryLog } from './memory-log.ts';
import type { StreamStart } from './memory-stream.ts';
import { type AppendObserver, busMetrics, observeAppends, observeCalls, rpcMetrics } from './metrics.ts';
import { NatsBus } from './nats-bus.ts';
import { type LinkEvent, NatsLink } from './nats-link.ts';

/** A stream in memory is smaller than one on disk. */
const MEMORY_STREAM_BYTES_MAX = 64 * 1024 * 1024;

export interface OpenBusOptions {
  readonly log?: Logger;
  readonly metrics?: MetricsRegistry;
  /** Seen in the server's list of connections. */
  readonly name?: string;
  /** On NATS: what this process publishes and has subscribed to is delivered within it, not sent back by the server. Default false. */
  readonly deliversOwn?: boolean;
}

/**
 * The bus on NATS when a URL is configured, else within this process.
 * @throws the client's error when no server takes the connection within natsConnectTimeoutMs
 */
export async function openBus(config: BusConfig, options: OpenBusOptions = {}): Promise<Bus> {
  const log = options.log ?? silentLogger;
  const bus = config.natsUrl === '' ? openMemoryBus(config, log) : await openNatsBus(config, log, options);
  if (options.metrics !== undefined) track(bus, options.metrics);
  return bus;
}

function openMemoryBus(config: BusConfig, log: Logger): MemoryBus {
  return new MemoryBus({
    requestsMax: config.openRequestsMax,
    onError: (err) => log.error({ what: 'bus_handler_failed', err }),
  });
}

async function openNatsBus(config: BusConfig, log: Logger, options: OpenBusOptions): Promise<NatsBus> {
  const { name, deliversOwn = false } = options;
  const link = await NatsLink.open({
    servers: config.natsUrl.split(',').map((url) => url.trim()),
    user: config.natsUser,
    password: config.natsPassword.reveal(),
    tlsCaFile: config.natsTlsCa,
    connectTimeoutMs: config.natsConnectTimeoutMs,
    echo: !deliversOwn,
    onEvent: (event) => logEvent(log, event),
    ...(name === undefined ? {} : { name }),
  });
  return new NatsBus(link, config.openRequestsMax);
}

function logEvent(log: Logger, event: LinkEvent): void {
  if ('error' in event) log.error({ what: event.what, err: event.error });
  else if (event.what === 'bus_disconnected') log.warn(event);
  else log.info(event);
}

function track(bus: MemoryBus | NatsBus, registry: MetricsRegistry): void {
  const metrics = registry.register(busMetrics);
  bus.calls = observeCalls(registry.register(rpcMetrics));
  trackQueues(registry, { bus_requests: { limit: bus.requestsMax, used: () => bus.openRequests } });
  if (bus instanceof NatsBus) trackLink(bus.link, registry);
  else metrics.connected.set(1);
  metrics.dropped.track(() => bus.dropped);
  metrics.openRequests.track(() => bus.openRequests);
  bus.onReconnect(() => metrics.reconnects.inc());
}

function trackLink({ outbox, connection, own }: NatsLink, registry: MetricsRegistry): void {
  const { connected, messages, bytes, own: delivered } = registry.register(busMetrics);
  connected.track(() => Number(outbox.isConnected));
  messages.track(() => outbox.sent, { direction: 'out' });
  messages.track(() => connection.stats().inMsgs, { direction: 'in' });
  bytes.track(() => outbox.sentBytes, { direction: 'out' });
  bytes.track(() => connection.stats().inBytes, { direction: 'in' });
  trackQueues(registry, {
    bus_backlog_bytes: { limit: outbox.backlogBytesMax, used: () => outbox.backlogBytes },
  });
  if (own === undefined) return;
  delivered.track(() => own.delivered);
  trackQueues(registry, { bus_own: { limit: own.waitingMax, used: () => own.waiting } });
}

export interface OpenLogOptions {
  readonly metrics?: MetricsRegistry;
  /**
   * Whether this process makes missing streams and changes their limits, which needs the permissions of the archive's role;
   * otherwise it waits until they are there. Default true.
   */
  readonly manage?: boolean;
  /** In process: where the streams go on after a restart. */
  readonly start?: ReadonlyMap<number, StreamStart>;
  /** In process: whether an append waits for the archive. Default `when-archived`. */
  readonly acknowledge?: 'when-archived' | 'at-once';
}

/**
 * The log on the same connection, or in the same process, as the bus that openBus gave.
 * @throws LogConfigError when the streams that exist, or the server, do not fit the configuration
 */
export async function openLog(config: BusConfig, bus: Bus, options: OpenLogOptions = {}): Promise<Log> {
  const metrics = options.metrics?.register(busMetrics);
  const log = await openPlainLog(config, bus, options, observeAppends(metrics));
  metrics?.pendingAppends.track(() => log.pending);
  metrics?.logStreams.set(config.logStreams);
  if (options.metrics !== undefined) {
    trackQueues(options.metrics, {
      log_appends: { limit: config.pendingAppendsMax, used: () => log.pending },
      log_append_bytes: { limit: config.pendingAppendsBytesMax, used: () => log.pendingBytes },
    });
  }
  return log;
}

async function openPlainLog(config: BusConfig, bus: Bus, options: OpenLogOptions, observer: AppendObserver) {
  const limits = {
    streams: config.logStreams,
    duplicateWindowMs: config.duplicateWindowMs,
    appendTimeoutMs: config.appendTimeoutMs,
    pendingMax: config.pendingAppendsMax,
    pendingBytesMax: config.pendingAppendsBytesMax,
    observer,
  };
  if (bus instanceof NatsBus) {
    return JetStreamLog.open(bus.link, {
      ...limits,
      bytesMax: config.logBytesMax,
      replicas: config.logReplicas === '3' ? 3 : 1,
      manage: options.manage ?? true,
      openTimeoutMs: config.natsConnectTimeoutMs,
    });
  }
  if (!(bus instanceof MemoryBus)) throw new TypeError('the log needs the bus that openBus gave');
  return new MemoryLog(bus, {
    ...limits,
    bytesMax: Math.min(config.logBytesMax, MEMORY_STREAM_BYTES_MAX),
    acknowledge: options.acknowledge ?? 'when-archived',
    ...(options.start === undefined ? {} : { start: options.start }),
  });
}
