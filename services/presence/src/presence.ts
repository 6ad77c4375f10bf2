import type { Bus, Records } from '@starling/bus';
import { groups } from '@starling/contracts';
import { joinGroup, type OwnersConfig, watchGroup } from '@starling/owners';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import type { PresenceConfig } from './config.ts';
import { PresenceNode } from './presence-node.ts';

export interface PresenceOptions {
  /** Unique among the presence services of the cluster. */
  readonly id: string;
  readonly bus: Bus;
  /** Where heartbeats go: a connection of their own, so that they never wait behind a burst of anything else. Default: `bus`. */
  readonly beats?: Bus;
  readonly records: Records;
  /** Of sessions that can be resumed. */
  readonly sessionRecords: Records;
  /** Of the log. */
  readonly streams: number;
  readonly config: PresenceConfig;
  readonly owners: OwnersConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

export interface Presence {
  /** Leaves the group, so that the others take over at once. */
  stop(): Promise<void>;
}

/** Becomes one of the owners of presence. @throws RecordsUnavailableError, ConfigError */
export async function startPresence(options: PresenceOptions): Promise<Presence> {
  const { id, bus, records, owners: config, logger, metrics } = options;
  const node = new PresenceNode({
    id,
    bus,
    sessionRecords: options.sessionRecords,
    streams: options.streams,
    config: options.config,
    logger,
    metrics,
    tracer: options.tracer,
  });
  // Whoever reads in the document that it is there may write to it.
  node.listen();
  await bus.flush();
  const shared = { bus: options.beats ?? bus, records, config, logger, metrics };
  const edges = await watchGroup({ ...shared, group: groups.edge, evict: true });
  const membership = await joinGroup({ ...shared, group: groups.presence, id });
  node.begin(membership, edges);
  return {
    stop: async () => {
      node.stop();
      await membership.close();
      await edges.close();
    },
  };
}
