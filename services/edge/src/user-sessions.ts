import type { SessionRow, SessionTable } from '@starling/contracts';
import type { ClientSession } from './session.ts';

const NOBODY: readonly SessionRow[] = [];

/** What an edge knows of one bare JID's sessions while it holds one of them: its own, and the table that the owner of his presence tells. */
export class UserSessions {
  readonly local = new Map<string, ClientSession>();
  #table: SessionTable | undefined;

  /** The user's sessions on all edges, as his owner has them: so every edge decides alike. */
  get rows(): readonly SessionRow[] {
    return this.#table?.rows ?? NOBODY;
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
    return older;
  }

  /** Whether it was one of this user's: not, when a newer session has its resource. */
  remove(session: ClientSession): boolean {
    return this.local.get(session.resource) === session && this.local.delete(session.resource);
  }

  /**
   * Takes a table; one that is older than what is known is passed over. Returns the local sessions whose resource has been bound anew
   * since, wherever: the newer one wins (RFC 6120 §7.7.2.2).
   */
  learn(table: SessionTable): readonly ClientSession[] {
    if (this.#table !== undefined && !isNewer(table, this.#table)) return [];
    this.#table = table;
    return [...this.local.values()].filter((session) => this.isDisplaced(session));
  }

  /** Whether the session's resource has been bound anew since, wherever. */
  isDisplaced({ resource, id, boundAt, sm }: ClientSession): boolean {
    const epoch = sm?.epoch ?? 0;
    return this.rows.some(
      (row) => row.resource === resource && (row.session === id ? row.epoch > epoch : row.boundAt > boundAt),
    );
  }
}

/** A table of a lower epoch comes from somebody who does not own the user any more. */
function isNewer(table: SessionTable, known: SessionTable): boolean {
  return table.epoch > known.epoch || (table.epoch === known.epoch && table.version > known.version);
}
