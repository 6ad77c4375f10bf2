import type { SessionRow, SessionTable } from '@starling/contracts';
import { wantsCarbons } from '@starling/feature-api';
import type { ClientSession } from './session.ts';

const NOBODY: readonly SessionRow[] = [];
const NOBODY_HERE: readonly ClientSession[] = [];

/** What an edge knows of one bare JID's sessions while it holds one of them: its own, and the table that the owner of his presence tells. */
export class UserSessions {
  readonly local = new Map<string, ClientSession>();
  /** As the newest table has them; its epoch and version are below every real one's while none has come. */
  #rows = NOBODY;
  #epoch = -1;
  #version = -1;
  /** Of those here, the ones of which the table says nothing. */
  #forgotten: readonly ClientSession[] = NOBODY_HERE;

  /**
   * The user's sessions on all edges, as his owner has them: so every edge decides alike. And those here of which he knows nothing, as while
   * he learns what there is, or when their edge was thought dead: they are there all the same, and get what is theirs.
   */
  get rows(): readonly SessionRow[] {
    const rows = this.#rows;
    return this.#forgotten.length === 0 ? rows : [...rows, ...this.#forgotten.filter(isOurs).map(rowOf)];
  }

  /** Whether a session of this resource is bound, on whichever edge. */
  has(resource: string): boolean {
    return this.rows.some((r) => r.resource === resource);
  }

  /** XEP-0280: whether another session, on whichever edge, wants copies of what this one sends. */
  wantCopiesOf({ id }: ClientSession): boolean {
    return this.rows.some((row) => row.carbons && row.session !== id);
  }

  /** The session is one of this user's now. Returns the older holder of its resource here. */
  add(session: ClientSession): ClientSession | undefined {
    const older = this.local.get(session.resource);
    this.local.set(session.resource, session);
    this.#findForgotten();
    return older;
  }

  /** Whether it was one of this user's: not, when a newer session has its resource. */
  remove(session: ClientSession): boolean {
    if (this.local.get(session.resource) !== session) return false;
    this.local.delete(session.resource);
    this.#findForgotten();
    return true;
  }

  /**
   * Takes a table; one that is older than what is known is passed over. Returns the local sessions whose resource has been bound anew
   * since, wherever: the newer one wins (RFC 6120 §7.7.2.2).
   */
  learn(table: SessionTable): readonly ClientSession[] {
    if (!this.#isNewer(table)) return [];
    this.#epoch = table.epoch;
    this.#version = table.version;
    // A list that was read from the wire has room for 17.
    this.#rows = table.rows.slice();
    this.#findForgotten();
    return [...this.local.values()].filter((session) => this.isDisplaced(session));
  }

  #findForgotten(): void {
    const rows = this.#rows;
    const isTold = ({ id, resource }: ClientSession) =>
      rows.some((row) => row.session === id || row.resource === resource);
    this.#forgotten = NOBODY_HERE;
    for (const session of this.local.values()) if (!isTold(session)) this.#forgotten = [...this.#forgotten, session];
  }

  /** A table of a lower epoch comes from somebody who does not own the user any more. */
  #isNewer({ epoch, version }: SessionTable): boolean {
    return epoch > this.#epoch || (epoch === this.#epoch && version > this.#version);
  }

  /** Whether the session's resource has been bound anew since, wherever. */
  isDisplaced({ resource, id, boundAt, sm }: ClientSession): boolean {
    const epoch = sm?.epoch ?? 0;
    return this.rows.some(
      (row) => row.resource === resource && (row.session === id ? row.epoch > epoch : row.boundAt > boundAt),
    );
  }
}

/** One that another edge is about to go on with is that edge's to know. */
const isOurs = ({ sm }: ClientSession): boolean => sm?.isReleased !== true;

/** As its owner will tell it again. */
const rowOf = (session: ClientSession): SessionRow => ({
  resource: session.resource,
  session: session.id,
  state: session.state,
  priority: session.priority,
  boundAt: session.boundAt,
  edge: session.edge,
  carbons: wantsCarbons.get(session),
  epoch: session.sm?.epoch ?? 0,
});
