import type { SessionEvent } from '@starling/contracts';
import type { EdgeRef } from './row.ts';
import { Tallies } from './tallies.ts';
import type { User } from './user.ts';

/** One partition that this node owns. */
export class Partition {
  readonly number: number;
  /** Of the membership, in which it became this node's: what it tells of sessions is void beside a higher one. */
  readonly epoch: number;
  readonly takenAtMs: number;
  readonly users = new Set<User>();
  readonly tallies = new Tallies();
  /** Edges whose sessions are not known yet, by incarnation. */
  readonly awaited: Map<string, EdgeRef>;
  /** Incarnations of the edges that have told all of their sessions. */
  readonly told = new Set<string>();
  /** What came before it was known who is there. */
  held: { readonly weight: number; readonly work: () => void }[] = [];
  /** Something could not be held. */
  hasDropped = false;
  /** How often the records of its sessions are being read, for those whose edge has died. */
  lookBacks = 0;
  isServing = false;
  /** Of the tables in this epoch. */
  #version = 0;
  /** States under way, by incarnation. */
  readonly #pieces = new Map<string, SessionEvent[]>();

  constructor(number: number, epoch: number, takenAtMs: number, edges: readonly EdgeRef[]) {
    this.number = number;
    this.epoch = epoch;
    this.takenAtMs = takenAtMs;
    this.awaited = new Map(edges.map((edge) => [edge.incarnation, edge]));
  }

  nextVersion(): number {
    return ++this.#version;
  }

  /** All sessions of the edge when the piece was the last one; undefined before, and when the beginning is lost. */
  collect(incarnation: string, piece: { first: boolean; last: boolean; sessions: readonly SessionEvent[] }) {
    const pieces = piece.first ? [] : this.#pieces.get(incarnation);
    if (pieces === undefined) return undefined;
    for (const session of piece.sessions) pieces.push(session);
    if (piece.last) this.#pieces.delete(incarnation);
    else this.#pieces.set(incarnation, pieces);
    return piece.last ? pieces : undefined;
  }

  /** A piece may be lost. */
  forgetPieces(incarnation: string): void {
    this.#pieces.delete(incarnation);
  }
}
