import type { GroupWatch, Membership } from '@starling/owners';
import { loadConfig, silentLogger } from '@starling/runtime';
import { presenceConfig } from '../config.ts';
import { PresenceNode, type PresenceNodeOptions } from '../presence-node.ts';

export interface BeginNodeOptions
  extends Pick<PresenceNodeOptions, 'id' | 'bus' | 'sessionRecords' | 'metrics' | 'streams'> {
  /** Settings by variable. */
  readonly env: Readonly<Record<string, string>>;
  readonly watchEdges: () => GroupWatch;
  readonly join: () => Membership;
}

/** A presence node that is a member of its group, whatever that is made of. */
export function beginNode({ env, watchEdges, join, ...options }: BeginNodeOptions): PresenceNode {
  const config = loadConfig({ presence: presenceConfig }, { env, args: [] }).presence;
  const node = new PresenceNode({ ...options, config, logger: silentLogger });
  // Whoever reads in the document that it is there may write to it.
  node.listen();
  const edges = watchEdges();
  node.begin(join(), edges);
  return node;
}
