import { Lifecycle, type Logger, type MetricsRegistry, trackQueues } from '@starling/runtime';
import type { EdgeConfig } from '../config.ts';
import { edgeMetrics } from '../metrics.ts';
import { parseAddressRanges } from './address-ranges.ts';
import type { OnConnection } from './byte-channel.ts';
import { ConnectionLimits } from './connection-limits.ts';
import { RenewingIdentity } from './renewing-identity.ts';
import { openTcpListener } from './tcp.ts';
import { openTlsIdentity } from './tls-context.ts';
import type { HttpHandler } from './websocket.ts';
import { openWebSocketListener } from './ws.ts';

/** The ports that clients use. */
export interface Endpoints {
  readonly c2s: number;
  readonly c2sTls: number;
  readonly http: number;
}

const IDLE_TIMEOUT_MS = 120_000;
const MS_PER_SECOND = 1_000;

export interface Listeners {
  readonly endpoints: Endpoints;
  stop(): Promise<void>;
}

/** Opens every way in: TCP with STARTTLS, TCP with TLS from the first byte, WebSocket. One set of limits counts them all. */
export async function openListeners(options: {
  config: EdgeConfig;
  log: Logger;
  metrics: MetricsRegistry;
  onConnection: OnConnection;
  /** Answers what is not a WebSocket. */
  http: HttpHandler;
}): Promise<Listeners> {
  const { config, log, onConnection, http: handler } = options;
  const metrics = options.metrics.register(edgeMetrics);
  const limits = new ConnectionLimits({
    connectionsMax: config.connectionsMax,
    connectionsPerAddressMax: config.connectionsPerAddressMax,
    onLimit: (limit) => metrics.limits.inc(1, { limit }),
  });
  const lifecycle = new Lifecycle();
  const undo = [
    metrics.connections.track(() => limits.open),
    trackQueues(options.metrics, { edge_connections: { limit: config.connectionsMax, used: () => limits.open } }),
  ];
  const proxies = {
    proxies: parseAddressRanges(config.proxyProtocolFrom, 'STARLING_PROXY_PROTOCOL_FROM'),
    headerTimeoutMs: config.handshakeMs,
  };
  const forwarders = parseAddressRanges(config.forwardedFrom, 'STARLING_FORWARDED_FROM');
  const files = { cert: config.tlsCert, key: config.tlsKey };
  const renewal = { ...files, intervalMs: config.tlsReloadMs, outcomes: metrics.certificateReloads, log };
  const identity = await openTlsIdentity({ ...files, dataDir: config.dataDir, domain: config.domain, log });
  const tls = await lifecycle.use('certificate', new RenewingIdentity(identity, renewal), (t) => t.stop());
  undo.push(metrics.certificateExpiry.track(() => tls.notAfter.getTime() / MS_PER_SECOND));
  undo.push(metrics.certificateSelfSigned.track(() => Number(tls.selfSigned)));
  const common = { host: config.host, limits, sendBufferBytesMax: config.sendBufferBytesMax };
  const open = (port: number, direct: boolean) =>
    openTcpListener({ ...common, port, tls, direct, proxies }, onConnection);
  const c2s = await lifecycle.use('c2s', open(config.c2sPort, false), (l) => l.stop());
  const c2sTls = await lifecycle.use('c2sTls', open(config.c2sTlsPort, true), (l) => l.stop());
  const http = await lifecycle.use(
    'http',
    openWebSocketListener(
      {
        ...common,
        port: config.httpPort,
        library: config.websocket,
        messageBytesMax: Math.max(config.wsMessageBytesMax, config.stanzaBytesMax),
        idleTimeoutMs: IDLE_TIMEOUT_MS,
        proxies: forwarders,
        http: handler,
        log,
      },
      onConnection,
    ),
    (l) => l.stop(),
  );
  return {
    endpoints: { c2s: c2s.port, c2sTls: c2sTls.port, http: http.port },
    stop: async () => {
      for (const end of undo) end();
      await lifecycle.stop();
    },
  };
}
