import type { PartitionDigest, PartitionState } from '@starling/contracts';
import type { Broadcast } from './broadcast.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';
import type { EdgeRef, Row } from './row.ts';
import type { User } from './user.ts';

/** Compares what an edge says of all its sessions in a partition with what is known of them. */
export class EdgeStates {
  readonly #partitions: Partitions;
  readonly #broadcast: Broadcast;
  readonly #bindGraceMs: number;

  constructor(partitions: Partitions, broadcast: Broadcast, bindGraceMs: number) {
    this.#partitions = partitions;
    this.#broadcast = broadcast;
    this.#bindGraceMs = bindGraceMs;
  }

  /** True when it was the last piece: the edge's sessions in this partition are known now. */
  take(partition: Partition, edge: EdgeRef, piece: PartitionState, nowMs: number): boolean {
    const sessions = partition.collect(edge.incarnation, piece);
    if (sessions === undefined) return false;
    const named = new Set<string>();
    for (const event of sessions) {
      named.add(event.session);
      // It is being bound.
      if (event.boundAt === 0) continue;
      const user = this.#partitions.open(event.user, partition);
      this.#broadcast.follow(user, user.sessions.apply(event, edge));
    }
    for (const user of [...partition.users]) {
      for (const row of [...user.sessions.values()]) {
        if (row.edge.incarnation !== edge.incarnation || named.has(row.session) || this.#isOnItsWay(row, nowMs))
          continue;
        this.#broadcast.follow(user, user.sessions.lose(row));
      }
      if (piece.missed && partition.isServing) this.#tellAgain(user, edge);
    }
    partition.told.add(edge.incarnation);
    partition.awaited.delete(edge.incarnation);
    return true;
  }

  /** Whether the edge's sessions are those that are known; the answers to binds may not have reached it yet. */
  agrees({ tallies }: Partition, { incarnation }: EdgeRef, digest: PartitionDigest, nowMs: number): boolean {
    return tallies.agrees(incarnation, digest, (row) => this.#isOnItsWay(row, nowMs));
  }

  #tellAgain(user: User, edge: EdgeRef): void {
    const rows = [...user.sessions.values()].filter((row) => row.edge.incarnation === edge.incarnation);
    if (rows.length > 0) this.#broadcast.tellAgain(user, rows);
  }

  /** The edge said nothing of it since its bind: it may not have the answer. */
  #isOnItsWay({ unconfirmedSinceMs }: Row, nowMs: number): boolean {
    return unconfirmedSinceMs > 0 && nowMs - unconfirmedSinceMs < this.#bindGraceMs;
  }
}
