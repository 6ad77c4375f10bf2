import { PARTITIONS } from '@starling/contracts';
import { type GroupWatch, type Member, OwnerMap } from '@starling/owners';

/** Which presence node owns which partition now. */
export class PresenceOwners {
  readonly #watch: GroupWatch;
  readonly #onMoved: (partitions: ReadonlySet<number>) => void;
  readonly #stopWatching: () => void;
  #map: OwnerMap<Member>;
  #epoch: number;

  /** `onMoved` is called with the partitions whose owner is another one, or the same node under a new incarnation. */
  constructor(watch: GroupWatch, onMoved: (partitions: ReadonlySet<number>) => void) {
    this.#watch = watch;
    this.#onMoved = onMoved;
    this.#map = OwnerMap.rendezvous(PARTITIONS, watch.members);
    this.#epoch = watch.epoch;
    this.#stopWatching = watch.onChange(() => this.#changed());
  }

  stop(): void {
    this.#stopWatching();
  }

  get epoch(): number {
    return this.#watch.epoch;
  }

  get nodes(): readonly Member[] {
    return this.#watch.members;
  }

  /** Undefined while there is no presence node. */
  ownerOf(partition: number): Member | undefined {
    return this.#map.ownerOf(partition);
  }

  /**
   * Whether what a node says counts: it is in the document with this incarnation, or it knows a newer document than this edge, which
   * is read then.
   */
  isCurrent(node: string, incarnation: string, epoch: number): boolean {
    if (epoch > this.#watch.epoch) {
      this.#watch.noticeEpoch(epoch);
      return true;
    }
    return this.#watch.isCurrent(node, incarnation);
  }

  #changed(): void {
    const before = this.#map;
    this.#map = OwnerMap.rendezvous(PARTITIONS, this.#watch.members);
    // Between two documents that were not seen a partition may have been somebody else's, and be back: he begins anew, too.
    const isBlind = this.#epoch !== 0 && this.#watch.epoch > this.#epoch + 1;
    this.#epoch = this.#watch.epoch;
    const moved = new Set<number>();
    for (let p = 0; p < PARTITIONS; p++) {
      const now = this.#map.ownerOf(p);
      if (now !== undefined && (isBlind || now.incarnation !== before.ownerOf(p)?.incarnation)) moved.add(p);
    }
    if (moved.size > 0) this.#onMoved(moved);
  }
}
