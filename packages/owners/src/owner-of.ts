// Rendezvous hashing: each member has a score for each partition, and the highest one owns it. When a member goes, only what it owned
// moves; when one comes, only what it wins. All processes have to compute the same, of whatever release: the golden test holds it.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over the UTF-16 units: ids are ASCII (STARLING_ID). */
export function hashOf(id: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), FNV_PRIME);
  return mix(hash);
}

/** The finalizer of MurmurHash3: every bit of the input moves half of the output's. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** @param idHash hashOf(id) */
export const scoreOf = (idHash: number, partition: number): number => mix(idHash ^ mix(partition + 1));

/** Who owns the partition: undefined when there is no member. The members may come in any order. */
export function ownerOf<M extends { readonly id: string }>(partition: number, members: Iterable<M>): M | undefined {
  let owner: M | undefined;
  let highest = -1;
  for (const member of members) {
    const score = scoreOf(hashOf(member.id), partition);
    if (score > highest || (score === highest && owner !== undefined && member.id < owner.id)) {
      owner = member;
      highest = score;
    }
  }
  return owner;
}
