import { RpcError } from '@starling/bus';
import { ARCHIVE_DEFAULT, type ArchivePreferences, encodeArchivePreferences, KIND } from '@starling/contracts';
import type { Db, Queryable } from '@starling/db';
import { tryParseJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { AccountCopies } from './account-copies.ts';
import type { BatchedReads } from './batched-reads.ts';
import { preferencesOf } from './copy-views.ts';
import type { Notices } from './notices.ts';
import { accountsChanged } from './sql/copies-due.ts';
import { insertNotice, nextNoticeId } from './sql/insert-notice.ts';
import { lockAccount } from './sql/lock-account.ts';
import { type StoredPreferences, selectPreferences, selectRosterJids, upsertPreferences } from './sql/preferences.ts';
import type { StoredWishes } from './sql/select-wishes.ts';

const NEVER_CHANGED: ArchivePreferences = {
  ...{ version: 0, fallback: ARCHIVE_DEFAULT.always, always: [], never: [], roster: [] },
};
const FALLBACKS: ReadonlySet<number> = new Set(Object.values(ARCHIVE_DEFAULT));

/**
 * What users want archived (XEP-0441). Every change is an entry of the user's log with all of it, where edges and the archive learn it in
 * order (ADR 8). Who goes by his roster gets another entry whenever somebody comes into it or goes.
 */
export class Preferences {
  readonly #db: Db;
  readonly #notices: Notices;
  readonly #copies: AccountCopies;
  readonly #wishes: BatchedReads<StoredWishes>;
  readonly #logger: Logger;
  readonly #max: number;
  readonly #bytesMax: number;

  constructor(options: {
    db: Db;
    notices: Notices;
    copies: AccountCopies;
    wishes: BatchedReads<StoredWishes>;
    logger: Logger;
    max: number;
    bytesMax: number;
  }) {
    this.#db = options.db;
    this.#notices = options.notices;
    this.#copies = options.copies;
    this.#wishes = options.wishes;
    this.#logger = options.logger;
    this.#max = options.max;
    this.#bytesMax = options.bytesMax;
  }

  get(user: string): Promise<ArchivePreferences> {
    return this.#copies.orCopy(
      user,
      async () => (await this.#wishes.read(user))?.preferences ?? NEVER_CHANGED,
      (copy) => preferencesOf(copy) ?? NEVER_CHANGED,
    );
  }

  /** @throws RpcError item-not-found, bad-request, jid-malformed, policy-violation */
  async set(user: string, wanted: Omit<StoredPreferences, 'version'>): Promise<ArchivePreferences> {
    if (!FALLBACKS.has(wanted.fallback)) throw new RpcError('bad-request');
    this.#check([...wanted.always, ...wanted.never]);
    const changed = await this.#db.transaction(async (tx) => {
      // The row's lock puts changes of one user in an order, and their notices with them.
      if (!(await lockAccount(tx, user))) throw new RpcError('item-not-found');
      const preferences = await change(tx, user, wanted);
      await accountsChanged(tx, [user]);
      return preferences;
    });
    await this.#copies.changedAndTold(user, () => this.#notices.publish(user));
    return changed;
  }

  /** Somebody has come into the user's roster, or has gone, in this transaction that has locked it. @returns whether his log has to be told */
  async rosterChanged(tx: Queryable, user: string): Promise<boolean> {
    const stored = await selectPreferences(tx, user);
    if (stored?.fallback !== ARCHIVE_DEFAULT.roster) return false;
    await change(tx, user, stored);
    return true;
  }

  /** Tells a log what is committed. */
  async publish(user: string): Promise<void> {
    try {
      await this.#notices.publish(user);
    } catch (error) {
      // Policy: the roster is changed, whatever the log says; the notice waits for the next sweep.
      this.#logger.warn({ what: 'account_notice_failed', err: error });
    }
  }

  #check(jids: readonly string[]): void {
    for (const jid of jids)
      if (tryParseJid(jid) !== jid) throw new RpcError('jid-malformed', 'a prepared JID is needed');
    const bytes = jids.reduce((sum, jid) => sum + Buffer.byteLength(jid), 0);
    if (jids.length > this.#max || bytes > this.#bytesMax)
      throw new RpcError('policy-violation', 'these are too many preferences');
  }
}

async function change(
  tx: Queryable,
  user: string,
  { fallback, always, never }: Omit<StoredPreferences, 'version'>,
): Promise<ArchivePreferences> {
  const id = await nextNoticeId(tx);
  const stored = { version: Number(id), fallback, always, never };
  await upsertPreferences(tx, user, stored);
  const preferences = await withRoster(tx, user, stored);
  await insertNotice(tx, user, KIND.preferencesChanged, { id, payload: encodeArchivePreferences(preferences) });
  return preferences;
}

async function withRoster(db: Queryable, user: string, stored: StoredPreferences): Promise<ArchivePreferences> {
  const roster = stored.fallback === ARCHIVE_DEFAULT.roster ? await selectRosterJids(db, user) : [];
  return { ...stored, roster };
}
