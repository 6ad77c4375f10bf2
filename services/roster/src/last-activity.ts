import { type LastActivity, seenByContact } from '@starling/contracts';
import type { Db } from '@starling/db';
import { bareOf, tryParseJid } from '@starling/jid';
import type { AccountCopies } from './account-copies.ts';
import { contactOf } from './contact-query.ts';
import { selectLastActivity, upsertLastActivities } from './sql/last-activity.ts';

/** What may be kept of a status; it is cut there. */
const STATUS_CHARS_MAX = 1_024;
const HIDDEN = { visible: false, atMs: 0, status: '' } as const;

/** When accounts were last seen, and what they said then (XEP-0012). */
export class LastActivities {
  readonly #db: Db;
  readonly #copies: AccountCopies;

  constructor(db: Db, copies: AccountCopies) {
    this.#db = db;
    this.#copies = copies;
  }

  /** `visible` false: the asker may not see the account's presence (§3), or there is none. */
  async get(user: string, asker: string): Promise<{ visible: boolean; atMs: number; status: string }> {
    if (!(await this.#mayKnow(user, asker))) return HIDDEN;
    const last = await selectLastActivity(this.#db, user);
    return last === undefined ? HIDDEN : { visible: true, ...last };
  }

  async set(users: readonly LastActivity[]): Promise<void> {
    const newest = new Map<string, LastActivity>();
    for (const entry of users) if ((newest.get(entry.user)?.atMs ?? 0) <= entry.atMs) newest.set(entry.user, entry);
    const entries = [...newest.values()].map((e) => ({ ...e, status: cut(e.status) }));
    await upsertLastActivities(this.#db, entries);
  }

  async #mayKnow(user: string, asker: string): Promise<boolean> {
    const jid = tryParseJid(asker);
    if (jid !== undefined && bareOf(jid) === user) return true;
    const { exists, subscription } = await contactOf({ db: this.#db, copies: this.#copies }, user, asker);
    return exists && seenByContact(subscription);
  }
}

/** By code points: half a character is none that PostgreSQL would take. */
const cut = (status: string): string =>
  status.length <= STATUS_CHARS_MAX ? status : [...status].slice(0, STATUS_CHARS_MAX).join('');
