import type { SessionRow, SessionTable } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { ClientSession } from './session.ts';

/** All that an edge knows of one bare JID's sessions, its own and the other edges', while it holds one of them. */
export class UserSessions {
  readonly local = new Map<string, ClientSession>();
  readonly #edge: string;
  /** Rises with each table of this edge. */
  #version = 0;
  readonly #remote = new Map<string, SessionTable>();
  #rows: readonly SessionRow[] | undefined;

  constructor(edge: string) {
    this.#edge = edge;
  }

  /** The user's sessions on all edges, as far as they have said so. */
  get rows(): readonly SessionRow[] {
    this.#rows ??= [...this.#localRows(), ...[...this.#remote.values()].flatMap((t) => t.rows)];
    return this.#rows;
  }

  /** Whether a session of this resource is bound, on whichever edge. */
  has(resource: string): boolean {
    return this.rows.some((r) => r.resource === resource);
  }

  /** The session is one of this user's now. Returns the older holder of its resource here. */
  add(session: ClientSession): ClientSession | undefined {
    // A clock that goes behind another edge's must not make the newer session the older one, as far as is known here.
    const others = this.rows.filter((r) => r.resource === session.resource).map((r) => r.boundAt + 1);
    session.boundAt = Math.max(Date.now(), ...others);
    const older = this.local.get(session.resource);
    this.local.set(session.resource, session);
    this.#rows = undefined;
    return older;
  }

  /** Whether it was one of this user's: not, when a newer session has its resource. */
  remove(session: ClientSession): boolean {
    if (this.local.get(session.resource) !== session) return false;
    this.local.delete(session.resource);
    this.#rows = undefined;
    return true;
  }

  /** This edge's rows as they are now, to be told to the others; `ask` wants theirs in return. */
  table(user: BareJid, ask: boolean): SessionTable {
    this.#rows = undefined;
    this.#version = Math.max(this.#version + 1, Date.now());
    return { user, edge: this.#edge, version: this.#version, rows: this.#localRows(), ask };
  }

  /**
   * Takes another edge's rows; older ones than those known are passed over. Returns the local sessions whose resource that edge
   * has bound since: the newer one wins, and both edges decide alike.
   */
  learn({ edge = '', ...table }: SessionTable): readonly ClientSession[] {
    const known = this.#remote.get(edge);
    if (known !== undefined && known.version >= table.version) return [];
    if (table.rows.length === 0) this.#remote.delete(edge);
    else this.#remote.set(edge, table);
    this.#rows = undefined;
    return [...this.local.values()].filter((s) =>
      table.rows.some((r) => r.resource === s.resource && this.#isNewer(r.boundAt, edge, s)),
    );
  }

  #isNewer(boundAt: number, edge: string, local: ClientSession): boolean {
    return boundAt > local.boundAt || (boundAt === local.boundAt && edge > this.#edge);
  }

  #localRows(): readonly SessionRow[] {
    return [...this.local.values()].map((s) => s.row);
  }
}
