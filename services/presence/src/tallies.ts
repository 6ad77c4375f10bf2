import { addHash, type PartitionDigest, sessionHash, subtractHash } from '@starling/contracts';
import type { Row } from './row.ts';

/** Of one edge's sessions. */
interface Tally {
  sessions: number;
  /** Sum of their hashes. */
  hash: number;
  /** Those of which the edge has not spoken since their bind. */
  readonly unconfirmed: Set<Row>;
}

/**
 * How many sessions each edge has in a partition, and the sum of their hashes: kept as they change, so that what an edge says of all of them is
 * compared without a look at any. With as many edges as a large cluster has, each of them asking every few seconds, looking would be most of
 * what an owner does.
 */
export class Tallies {
  /** By incarnation. */
  readonly #byEdge = new Map<string, Tally>();

  /** The row is there now, or has changed. */
  add(row: Row): void {
    const { incarnation } = row.edge;
    let tally = this.#byEdge.get(incarnation);
    if (tally === undefined) {
      tally = { sessions: 0, hash: 0, unconfirmed: new Set() };
      this.#byEdge.set(incarnation, tally);
    }
    row.hash = sessionHash(row) | 0;
    tally.sessions++;
    tally.hash = addHash(tally.hash, hashOf(row));
    if (row.unconfirmedSinceMs > 0) tally.unconfirmed.add(row);
  }

  /** The row is not there any more, or is about to change. */
  remove(row: Row): void {
    const { incarnation } = row.edge;
    const tally = this.#byEdge.get(incarnation);
    if (tally === undefined) return;
    if (--tally.sessions === 0) {
      this.#byEdge.delete(incarnation);
      return;
    }
    tally.hash = subtractHash(tally.hash, hashOf(row));
    tally.unconfirmed.delete(row);
  }

  /** Whether the edge says the same. Those that are on their way it may not know yet: it may be right with them or without. */
  agrees(incarnation: string, said: Pick<PartitionDigest, 'sessions' | 'hash'>, isOnItsWay: (row: Row) => boolean) {
    const tally = this.#byEdge.get(incarnation);
    if (tally === undefined) return said.sessions === 0 && said.hash === 0;
    let { sessions, hash } = tally;
    if (sessions === said.sessions && hash === said.hash) return true;
    for (const row of tally.unconfirmed) {
      if (!isOnItsWay(row)) continue;
      sessions--;
      hash = subtractHash(hash, hashOf(row));
    }
    return sessions < tally.sessions && sessions === said.sessions && hash === said.hash;
  }
}

/** Kept with a sign: V8 has no object for such a number. */
const hashOf = ({ hash }: Row): number => hash >>> 0;
