import type { Emission } from '@starling/contracts';
import type { Outbox } from './outbox.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';

/** Presence for users of this node's partitions: to the edges that hold them, one entry for each edge. */
export class Delivery {
  readonly #partitions: Partitions;
  readonly #outbox: Outbox;

  constructor(partitions: Partitions, outbox: Outbox) {
    this.#partitions = partitions;
    this.#outbox = outbox;
  }

  /** `to`: bare JIDs are all available resources (their edges know which), full ones that resource. Who is not here gets nothing. */
  deliver(emission: Emission, to: readonly string[]): void {
    const byEdge = new Map<string, string[]>();
    let later: Map<Partition, string[]> | undefined;
    for (const jid of to) {
      const slash = jid.indexOf('/');
      const bare = slash < 0 ? jid : jid.slice(0, slash);
      const user = this.#partitions.user(bare);
      if (user?.partition.isServing !== true) {
        const partition = this.#partitions.learningOf(bare);
        if (partition === undefined) continue;
        later ??= new Map();
        append(later, partition, jid);
      } else if (slash < 0) {
        for (const edge of user.sessions.edges) append(byEdge, edge, jid);
      } else {
        const row = user.sessions.get(jid.slice(slash + 1));
        if (row !== undefined) append(byEdge, row.edge.id, jid);
      }
    }
    for (const [edge, jids] of byEdge) this.#outbox.emitToEdge(edge, emissionTo(emission, jids));
    for (const [partition, jids] of later ?? [])
      this.#partitions.hold(partition, jids.length, () => this.deliver(emission, jids));
  }
}

/** The same presence for others. */
export const emissionTo = (emission: Emission, to: readonly string[]): Emission => ({
  from: emission.from,
  stamp: emission.stamp,
  unavailable: emission.unavailable,
  presence: emission.presence,
  to,
  toSeen: emission.toSeen,
  always: emission.always,
  // What was decoded has an empty one.
  trace: emission.trace?.length ? emission.trace : undefined,
});

function append<K>(lists: Map<K, string[]>, key: K, jid: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [jid]);
  else list.push(jid);
}
