import type { RosterVersion } from '@starling/contracts';
import { DbUnavailableError, type GuardedDb, type Queryable } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { AccountCopies } from './account-copies.ts';
import type { Announcer } from './announcer.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { ChangeCause, RosterMetrics } from './metrics.ts';
import type { Preferences } from './preferences.ts';
import type { RosterCache } from './roster-cache.ts';
import { type Announcement, Side } from './side.ts';
import { accountsChanged } from './sql/copies-due.ts';
import { lockRosters } from './sql/lock-rosters.ts';
import { selectRelations } from './sql/select-relations.ts';
import { type EditedPair, UnsureEdits } from './unsure-edits.ts';

/** Both sides of a user and a contact; who has no account has none. */
export interface Sides {
  readonly own: Side | undefined;
  readonly other: Side | undefined;
}

/** After an answer was lost, if the database is not known to be away: its connection may only have been cut. */
const TELL_AGAIN_MS = 1_000;

/**
 * Every edit of rosters goes this way: one transaction that holds the rows of both users, then their caches, then the news. Edits of
 * one user take turns in this process, so that the news come in the order of the versions and no connection waits for a lock that
 * another one of ours has.
 */
export class RosterEdits {
  readonly #db: Pick<GuardedDb, 'transaction' | 'isAway'>;
  readonly #cache: RosterCache;
  readonly #announcer: Announcer;
  readonly #copies: AccountCopies;
  readonly #metrics: RosterMetrics;
  readonly #logger: Logger;
  readonly #preferences: Pick<Preferences, 'rosterChanged' | 'publish'>;
  readonly #queue: KeyedQueue;
  readonly #unsure: UnsureEdits;
  #tellingAgain: NodeJS.Timeout | undefined;

  constructor(options: {
    db: Pick<GuardedDb, 'transaction' | 'isAway'>;
    cache: RosterCache;
    announcer: Announcer;
    copies: AccountCopies;
    preferences: Pick<Preferences, 'rosterChanged' | 'publish'>;
    metrics: RosterMetrics;
    logger: Logger;
    max: number;
    unsureMax: number;
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
    this.#unsure = new UnsureEdits(options.unsureMax);
    options.metrics.unsureEdits.track(() => this.#unsure.size);
  }

  get waiting(): number {
    return this.#queue.length;
  }
  get unsure(): number {
    return this.#unsure.size;
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
      const sides = await this.#transaction({ user, contact }, async (tx) => {
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
      const announcements: Announcement[] = [];
      for (const side of [sides.own, sides.other]) {
        if (side?.isChanged) changed.push(side.user);
        const announcement = side?.announcement;
        if (announcement === undefined) continue;
        this.#cache.drop(announcement.user);
        this.#metrics.changes.inc(1, { cause });
        announcements.push(announcement);
      }
      this.#announcer.announce(announcements);
      for (const archiver of archivers) await this.#preferences.publish(archiver);
      await this.#copy(changed);
    });
  }

  stop(): void {
    clearTimeout(this.#tellingAgain);
  }

  /** The database is there: what had been committed before its answer was lost is told now. Never rejects. */
  async tellUnsure(): Promise<void> {
    for (const pair of this.#unsure.take()) {
      try {
        await this.#tellAgain(pair);
      } catch (error) {
        // Policy: it has gone away again, or too much waits: it is looked at again.
        this.#keep(pair);
        this.#logger.warn({ what: 'roster_retell_failed', err: error });
      }
    }
  }

  #tellAgain({ user, contact }: EditedPair): Promise<void> {
    return this.#queue.run([user, contact], async () => {
      const { own, other } = await this.#db.transaction((tx) => openSides(tx, user, contact));
      const users: string[] = [];
      const announcements: Announcement[] = [];
      for (const side of [own, other]) {
        if (side === undefined) continue;
        users.push(side.user);
        this.#cache.drop(side.user);
        announcements.push(side.standing);
      }
      this.#announcer.announce(announcements);
      await this.#copy(users);
    });
  }

  async #transaction<T>(pair: EditedPair, work: (tx: Queryable) => Promise<T>): Promise<T> {
    const { isAway } = this.#db;
    try {
      return await this.#db.transaction(work);
    } catch (error) {
      // Policy: the asker hears that it is not possible now; it may have happened all the same.
      if (error instanceof DbUnavailableError && !isAway) this.#keep(pair);
      throw error;
    }
  }

  #keep(pair: EditedPair): void {
    this.#unsure.add(pair);
    this.#tellingAgain ??= setTimeout(() => {
      this.#tellingAgain = undefined;
      if (!this.#db.isAway) void this.tellUnsure(); // else when it is back
    }, TELL_AGAIN_MS);
    this.#tellingAgain.unref();
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
