import type { Subscription } from '@starling/bus';
import type { SessionRow, SessionTable } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Feed } from './feed.ts';
import type { ClientSession } from './session.ts';

/** All that an edge knows of one bare JID while it holds a session of it. */
export class UserSessions {
  readonly user: BareJid;
  readonly local = new Map<string, ClientSession>();
  readonly feed: Feed;
  readonly subscription: Subscription;
  /** Rises with each publication of this edge's rows. */
  version = 0;
  readonly #remote = new Map<string, SessionTable>();
  #rows: readonly SessionRow[] | undefined;

  constructor(user: BareJid, feed: Feed, subscription: Subscription) {
    this.user = user;
    this.feed = feed;
    this.subscription = subscription;
  }

  /** The user's sessions on all edges, as far as they have said so. */
  get rows(): readonly SessionRow[] {
    this.#rows ??= [...this.localRows, ...[...this.#remote.values()].flatMap((t) => t.rows)];
    return this.#rows;
  }

  get localRows(): readonly SessionRow[] {
    return [...this.local.values()].map((s) => s.row);
  }

  /** Something about a local session is another one. */
  changed(): void {
    this.#rows = undefined;
  }

  /** Another edge's rows; older ones than those known are passed over. */
  learn(table: SessionTable): void {
    const known = this.#remote.get(table.edge);
    if (known !== undefined && known.version >= table.version) return;
    if (table.rows.length === 0) this.#remote.delete(table.edge);
    else this.#remote.set(table.edge, table);
    this.#rows = undefined;
  }

  /** Local sessions whose resource another edge has bound since: the newer one wins, the same way on every edge. */
  displacedBy(table: SessionTable, edge: string): readonly ClientSession[] {
    return [...this.local.values()].filter((s) =>
      table.rows.some(
        (r) => r.resource === s.resource && (r.boundAt > s.boundAt || (r.boundAt === s.boundAt && table.edge > edge)),
      ),
    );
  }
}
