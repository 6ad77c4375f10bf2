import { hashOf, ownerOf, scoreOf } from './owner-of.ts';

interface Named {
  readonly id: string;
}

/** Who owns what, computed once for one view of the group: looking it up is the hot path. */
export class OwnerMap<M extends Named> {
  readonly #owners: readonly (M | undefined)[];

  private constructor(owners: readonly (M | undefined)[]) {
    this.#owners = owners;
  }

  /** For many partitions, whose move is dear: only the partitions of a member that goes move. */
  static rendezvous<M extends Named>(partitions: number, members: readonly M[]): OwnerMap<M> {
    return new OwnerMap(Array.from({ length: partitions }, (_, partition) => ownerOf(partition, members)));
  }

  /**
   * For few partitions, of which nobody should have two more than another: rendezvous, but a member that has its share takes no more. A
   * change of the members may move some of the others' partitions.
   */
  static fair<M extends Named>(partitions: number, members: readonly M[]): OwnerMap<M> {
    const owners: (M | undefined)[] = new Array(partitions).fill(undefined);
    const share = Math.floor(partitions / Math.max(1, members.length));
    let surplus = partitions - share * members.length;
    const counts = new Map<string, number>();
    for (const { partition, member } of bids(partitions, members)) {
      const count = counts.get(member.id) ?? 0;
      if (owners[partition] !== undefined || count > share || (count === share && surplus === 0)) continue;
      if (count === share) surplus--;
      counts.set(member.id, count + 1);
      owners[partition] = member;
    }
    return new OwnerMap(owners);
  }

  /** Undefined while the group has no member. */
  ownerOf(partition: number): M | undefined {
    return this.#owners[partition];
  }

  /** In ascending order. */
  ownedBy(id: string): readonly number[] {
    return this.#owners.flatMap((owner, partition) => (owner?.id === id ? [partition] : []));
  }
}

/** Every member for every partition, the highest score first. */
function bids<M extends Named>(partitions: number, members: readonly M[]): { partition: number; member: M }[] {
  const all = members.flatMap((member) => {
    const hash = hashOf(member.id);
    return Array.from({ length: partitions }, (_, partition) => ({
      partition,
      member,
      score: scoreOf(hash, partition),
    }));
  });
  return all.sort((a, b) => b.score - a.score || a.partition - b.partition || (a.member.id < b.member.id ? -1 : 1));
}
