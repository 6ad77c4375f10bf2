import { type GroupMember, PARTITIONS, partitionOf } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { OwnerMap } from '@starling/owners';

/** The presence nodes by how many of these users they own, whoever owns most first; who is in the group and owns none comes last. */
export function ownersByWeight(members: readonly GroupMember[], users: readonly string[]): readonly string[] {
  const map = OwnerMap.rendezvous(PARTITIONS, members);
  const weights = new Map(members.map(({ id }) => [id, 0]));
  for (const user of users) {
    const id = map.ownerOf(partitionOf(user as BareJid))?.id;
    if (id !== undefined) weights.set(id, (weights.get(id) ?? 0) + 1);
  }
  return [...weights].sort(([, a], [, b]) => b - a).map(([id]) => id);
}
