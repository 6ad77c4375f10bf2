import type { Bus, Records } from '@starling/bus';
import { joinGroup, type OwnersConfig, watchGroup } from '@starling/owners';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import type { Groups } from './presence/presence.ts';

export interface GroupOptions {
  readonly id: string;
  readonly bus: Bus;
  readonly beats?: Bus;
  readonly records: Records;
  readonly owners: OwnersConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** The edge is one of the edges from here on, and knows the presence nodes. */
export async function joinGroups(options: GroupOptions): Promise<Groups> {
  const { id, records, owners: config, logger, metrics } = options;
  const shared = { bus: options.beats ?? options.bus, records, config, logger, metrics };
  const nodes = await watchGroup({ ...shared, group: 'presence', evict: false });
  try {
    return { nodes, edge: await joinGroup({ ...shared, group: 'edge', id }) };
  } catch (error) {
    await nodes.close();
    throw error;
  }
}

export async function leaveGroups({ edge, nodes }: Groups): Promise<void> {
  await Promise.all([edge.close(), nodes.close()]);
}
