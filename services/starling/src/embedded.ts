import { randomBytes } from 'node:crypto';
import { recentLogState, startArchive } from '@starling/archive';
import { type Bus, MemoryBus, openAccountCopies, openLog, openRecords, openSessionRecords } from '@starling/bus';
import { openDb } from '@starling/db';
import { checkResumeWindow, type Edge, SOFTWARE, startEdge } from '@starling/edge';
import { startPresence } from '@starling/presence';
import { startRoster } from '@starling/roster';
import type { ConfigsOf, Lifecycle, Logger, MetricsRegistry } from '@starling/runtime';
import { openTracer } from '@starling/trace';
import { archiveIdSecretOf } from './archive-id-secret.ts';
import { openBusOrExplain } from './open-bus.ts';
import type { EmbeddedSpecs } from './specs.ts';

const ID_BYTES = 4;

export interface ServicesOptions {
  readonly config: ConfigsOf<EmbeddedSpecs>;
  readonly use: Lifecycle['use'];
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** The embedded database has ended by itself. */
  readonly onFailure: (error: unknown) => void;
}

export interface EmbeddedOptions extends ServicesOptions {
  /** Unique among the edges on the same NATS. */
  readonly edgeId: string;
  /** The same among the presence services. */
  readonly presenceId: string;
}

/**
 * Everything that has no sockets and no sessions, in this process. Database, bus and log are each chosen by themselves: PGlite unless a PostgreSQL is configured, in
 * process unless a NATS is.
 * @throws DbLockedError when another process has the data folder, DbUnavailableError, LogConfigError, CommandError when NATS is not there
 */
export async function openServices({ config, use, logger, metrics, onFailure }: ServicesOptions) {
  const database = openDb(config.db, { log: logger, metrics, watchServer: true, onFailure });
  const [db, bus] = await Promise.all([
    use('db', database, (d) => d.close()),
    use('bus', openBusOrExplain(config.bus, { log: logger, metrics, name: 'starling' }), (b) => b.close()),
  ]);
  // A log in process goes on where the archive has it.
  const start = bus instanceof MemoryBus ? { start: await recentLogState(db) } : {};
  const log = await use('log', openLog(config.bus, bus, { metrics, ...start }), (l) => l.close());
  const records = await use('records', openRecords(config.bus, bus), (r) => r.close());
  const copies = await use('copies', openAccountCopies(config.bus, bus), (c) => c.close());
  const sessionRecords = await use('session records', openSessionRecords(config.bus, bus), (r) => r.close());
  const traced = { config: config.trace, service: 'embedded', id: 'starling', users: 'hash' } as const;
  const tracer = await use('tracer', openTracer(traced), (t) => t?.close());
  const shared = { db, bus, log, logger, metrics, tracer };
  // The archive first, since it ends last: an append of the roster service resolves when the archive has it.
  const id = `archive-${randomBytes(ID_BYTES).toString('hex')}`;
  const archive = startArchive({ ...shared, id, records, config: config.archive, owners: config.owners });
  await use('archive', archive, (a) => a.stop());
  await use('roster', startRoster({ ...shared, copies, config: config.roster }), (r) => r.stop());
  return { db, bus, log, records, sessionRecords, tracer };
}

/** The whole system in this process; when it resolves, clients are served. */
export async function startEmbedded(options: EmbeddedOptions): Promise<{ readonly bus: Bus; readonly edge: Edge }> {
  const { config, edgeId, presenceId, use, logger, metrics } = options;
  checkResumeWindow(config.edge.resumeWindowMs, config.bus.duplicateWindowMs);
  const { bus, log, records, sessionRecords, tracer } = await openServices(options);
  const { presence, owners } = config;
  const starting = startPresence({
    id: presenceId,
    bus,
    records,
    sessionRecords,
    streams: log.streams,
    config: presence,
    owners,
    logger,
    metrics,
    tracer,
  });
  await use('presence', starting, (p) => p.stop());
  const shared = { id: edgeId, software: SOFTWARE, bus, log, records, sessionRecords, owners, logger, metrics, tracer };
  // Others on the same log need the same: then it has to be told.
  const isAlone = config.bus.natsUrl === '';
  const edgeConfig = isAlone ? { ...config.edge, archiveIdSecret: archiveIdSecretOf(config.edge) } : config.edge;
  const edge = startEdge({ ...shared, config: edgeConfig, featureConfig: config });
  return {
    bus,
    edge: await use('edge', edge, (e) => e.stop(), { stopTimeoutMs: config.edge.drainMs + config.edge.stopMs }),
  };
}
