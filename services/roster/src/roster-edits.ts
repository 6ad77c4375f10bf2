import type { RosterVersion } from '@starling/contracts';
import type { Db, Queryable } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { AccountCopies } from './account-copies.ts';
import type { Announcer } from './announcer.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { ChangeCause, RosterMetrics } from './metrics.ts';
import type { Preferences } from './preferences.ts';
import type { RosterCache } from './roster-cache.ts';
import { Side } from './side.ts';
import { accountsChanged } from './sql/copies-due.ts';
import { lockRosters } from './sql/lock-rosters.ts';
import { selectRelations } from './sql/select-relations.ts';

/** Both sides of a user and a contact; who has no account has none. */
export interface Sides {
  readonly own: Side | undefined;
  readonly other: Side | undefined;
}

/**
 * Every edit of rosters goes this way: one transaction that holds the rows of both users, then their caches, then the news. Edits of
 * one user take turns in this process, so that the news come in the order of the versions and no connection waits for a lock that
 * another one of ours has.
 */
export class RosterEdits {
  readonly #db: Db;
  readonly #cache: RosterCache;
  readonly #announcer: Announcer;
  readonly #copies: AccountCopies;
  readonly #metrics: RosterMetrics;
  readonly #logger: Logger;
  readonly #preferences: Pick<Preferences, 'rosterChanged' | 'publish'>;
  readonly #queue: KeyedQueue;

  constructor(options: {
    db: Db;
    cache: RosterCache;
    announcer: Announcer;
    copies: AccountCopies;
    preferences: Pick<Preferences, 'rosterChanged' | 'publish'>;
    metrics: RosterMetrics;
    logger: Logger;
    max: number;
  }) {
    this.#preferences = options.preferences;
    this.#db = options.db;
    this.#cache = options.cache;
    this.#announcer = options.announcer;
    this.#copies = options.copies;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#queue = new KeyedQueue(options.max);
    options.metrics.edits.track(() => this.#queue.length);
  }

  /**
   * `work` changes the sides; what it leaves in them is written. When it throws, nothing has happened.
   * @throws what work threw, QueueFullError, DbUnavailableError
   */
  run(
    user: string,
    contact: string,
    cause: ChangeCause,
    work: (sides: Sides, tx: Queryable) => Promise<void>,
  ): Promise<void> {
    return this.#queue.run([user, contact], async () => {
      /** Whose logs have to be told of it. */
      const archivers: string[] = [];
      const sides = await this.#db.transaction(async (tx) => {
        const opened = await openSides(tx, user, contact);
        await work(opened, tx);
        for (const side of [opened.own, opened.other]) {
          await side?.save(tx);
          if (side?.membershipChanged && (await this.#preferences.rosterChanged(tx, side.user)))
            archivers.push(side.user);
        }
        const changed = [opened.own, opened.other].flatMap((side) => (side?.isChanged ? [side.user] : []));
        if (changed.length > 0) await accountsChanged(tx, changed);
        return opened;
      });
      const changed: string[] = [];
      for (const side of [sides.own, sides.other]) {
        if (side?.isChanged) changed.push(side.user);
        const announcement = side?.announcement;
        if (announcement === undefined) continue;
        this.#cache.drop(announcement.user);
        this.#metrics.changes.inc(1, { cause });
        this.#announcer.announce(announcement);
      }
      for (const archiver of archivers) await this.#preferences.publish(archiver);
      await this.#copy(changed);
    });
  }

  async #copy(users: readonly string[]): Promise<void> {
    if (users.length === 0) return;
    try {
      await this.#copies.changed(users);
    } catch (error) {
      // Policy: the edit is committed and told; the sweep copies it.
      this.#logger.warn({ what: 'account_copy_failed', err: error });
    }
  }

  /** The account's row is gone, and with it the roster; `version` is the one behind its last. */
  accountRemoved(user: string, version: RosterVersion): void {
    this.#cache.drop(user);
    this.#announcer.tellRemoved(user, version);
  }
}

async function openSides(tx: Queryable, user: string, contact: string): Promise<Sides> {
  const versions = await lockRosters(tx, [user, contact]);
  const relations = await selectRelations(tx, [
    { user, contact },
    { user: contact, contact: user },
  ]);
  const sideOf = (of: string) => {
    const version = versions.get(of);
    const relation = relations.find((r) => r.user === of);
    return version && relation && new Side(version, relation);
  };
  return { own: sideOf(user), other: sideOf(contact) };
}
