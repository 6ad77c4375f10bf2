import { RpcError } from '@starling/bus';
import type { RosterItem, RosterReply, RosterVersion, UserContacts } from '@starling/contracts';
import { CONTACTS_USERS_MAX, SUBSCRIPTION, seenByContact, seesContact } from '@starling/contracts';
import { type Db, DbUnavailableError, type Queryable } from '@starling/db';
import { exchange, type Step } from '@starling/features/rfc-6121-subscription/exchange';
import {
  inbound,
  isSubscriptionType,
  type SubscriptionType,
} from '@starling/features/rfc-6121-subscription/transition';
import { tryParseJid } from '@starling/jid';
import type { AccountCopies } from './account-copies.ts';
import { checkItem } from './check-item.ts';
import type { RosterConfig } from './config.ts';
import { blocksOf } from './copy-views.ts';
import type { RosterMetrics } from './metrics.ts';
import type { RosterCache } from './roster-cache.ts';
import type { RosterEdits, Sides } from './roster-edits.ts';
import { replyOf } from './roster-reply.ts';
import { serverPresence } from './server-presence.ts';
import type { Delivered, Side } from './side.ts';
import { selectBlocksOf } from './sql/block-list.ts';
import { hasBlocked } from './sql/has-blocked.ts';
import { itemBytes, measureRoster } from './sql/measure-roster.ts';
import { pruneTombstones } from './sql/prune-tombstones.ts';
import { measureRequests, selectRequests } from './sql/requests.ts';
import type { StoredRoster } from './sql/select-rosters.ts';
import { selectVersions } from './sql/select-versions.ts';

/** Users that one request may ask of. */
const KNOWN_MAX = 10_000;
/** Characters of addresses in one answer about contacts: it must stay below what a message holds. */
const CONTACTS_CHARACTERS_MAX = 200 * 1024;

export interface RostersOptions {
  readonly db: Db;
  readonly cache: RosterCache;
  readonly edits: RosterEdits;
  readonly copies: AccountCopies;
  readonly config: RosterConfig;
  readonly metrics: RosterMetrics;
}

/** The rosters of all accounts, and the subscriptions between them (RFC 6121 §2, §3). Users are bare JIDs, prepared. */
export class Rosters {
  readonly #db: Db;
  readonly #cache: RosterCache;
  readonly #edits: RosterEdits;
  readonly #copies: AccountCopies;
  readonly #config: RosterConfig;
  readonly #metrics: RosterMetrics;

  constructor({ db, cache, edits, copies, config, metrics }: RostersOptions) {
    this.#db = db;
    this.#cache = cache;
    this.#edits = edits;
    this.#copies = copies;
    this.#config = config;
    this.#metrics = metrics;
  }

  /** `known`: the version that the asker has, if he has one (§2.6). @throws RpcError item-not-found */
  async get(user: string, known: RosterVersion | undefined): Promise<RosterReply> {
    return replyOf(await this.#read(user), known);
  }

  /** @throws RpcError item-not-found; bad-request, jid-malformed, not-acceptable, not-allowed, policy-violation (§2.3.3, §2.5.3) */
  async set(user: string, item: RosterItem): Promise<void> {
    checkItem(user, item, this.#config);
    if (item.removed) await this.#edits.run(user, item.jid, 'remove', (sides, tx) => this.#remove(sides, tx));
    else await this.#edits.run(user, item.jid, 'set', (sides, tx) => this.#describe(sides, tx, item));
  }

  /**
   * A stanza about a subscription, from a user to a contact; both sides are committed when this resolves.
   * @throws RpcError item-not-found, bad-request, jid-malformed, not-allowed, not-acceptable, policy-violation
   */
  async subscribe(user: string, contact: string, type: string, stanza: Uint8Array): Promise<void> {
    if (!isSubscriptionType(type)) throw new RpcError('bad-request', 'no type of a subscription');
    if (tryParseJid(contact) !== contact || contact.includes('/')) throw new RpcError('jid-malformed', 'no bare JID');
    if (user === contact) throw new RpcError('not-allowed', 'nobody is his own contact');
    if (stanza.length > this.#config.requestBytesMax) throw new RpcError('not-acceptable', 'the stanza is too large');
    await this.#edits.run(user, contact, 'subscription', async ({ own, other }, tx) => {
      if (own === undefined) throw new RpcError('item-not-found');
      const isNew = own.item === undefined;
      const isBlocked = other !== undefined && (await hasBlocked(tx, other.user, user));
      const isHeard = other !== undefined && (await this.#mayHear(other, tx, { type, stanza, isBlocked }));
      const hears = isHeard ? other : undefined;
      for (const step of exchange(own.state, hears?.state, type)) {
        if (step.side === 'user') take(own, step, deliveredBy(step, own, { type, stanza }));
        else take(hears, step, isBlocked ? undefined : deliveredBy(step, own, { type, stanza }));
      }
      if (isNew && own.item !== undefined) await this.#requireRoom(own.item, own.user, tx);
    });
  }

  /** Of the first of these users, as many as an answer holds. */
  async contacts(users: readonly string[]): Promise<readonly UserContacts[]> {
    if (users.length > CONTACTS_USERS_MAX) throw new RpcError('bad-request', 'too many users');
    // The lists not from the cache: they have no version by which the asker would see that he got an old one.
    const [rosters, blocks] = await Promise.all([
      Promise.all(users.map((user) => this.#rosterOf(user))),
      this.#blocksOf(users),
    ]);
    const answer: UserContacts[] = [];
    let characters = 0;
    for (const [index, user] of users.entries()) {
      const roster = rosters[index];
      const blocked = blocks.get(user) ?? NOBODY;
      const contacts = roster === UNKNOWN || blocked === UNKNOWN ? UNKNOWN_CONTACTS : contactsOf(roster, blocked);
      for (const { jid } of contacts.contacts) characters += jid.length;
      for (const jid of contacts.blocked) characters += jid.length;
      if (characters > CONTACTS_CHARACTERS_MAX && index > 0) break;
      answer.push(contacts);
    }
    return answer;
  }

  async #rosterOf(user: string): Promise<StoredRoster | undefined | typeof UNKNOWN> {
    try {
      return await this.#cache.get(user);
    } catch (error) {
      // Policy: of many users those are told who are known while the database is away.
      if (!(error instanceof DbUnavailableError)) throw error;
      return UNKNOWN;
    }
  }

  async #blocksOf(users: readonly string[]): Promise<ReadonlyMap<string, readonly string[] | typeof UNKNOWN>> {
    try {
      return await selectBlocksOf(this.#db, users);
    } catch (error) {
      // Policy: while the database is away the copies say it, each its own.
      if (!(error instanceof DbUnavailableError)) throw error;
      const away = () => Promise.reject(error);
      const listOf = async (user: string): Promise<readonly [string, readonly string[] | typeof UNKNOWN]> => {
        try {
          return [user, (await this.#copies.orCopy(user, away, blocksOf)).jids];
        } catch (missing) {
          // Policy: as for the roster.
          if (!(missing instanceof DbUnavailableError)) throw missing;
          return [user, UNKNOWN];
        }
      };
      return new Map(await Promise.all(users.map(listOf)));
    }
  }

  /** Those of whom something else is known now; without the cache, since that may have missed the same as the asker. */
  async contactsSince(known: readonly { user: string; version: RosterVersion }[]): Promise<readonly string[]> {
    if (known.length > KNOWN_MAX) throw new RpcError('bad-request', 'too many users');
    const versions = await selectVersions(
      this.#db,
      known.map((k) => k.user),
    );
    return known.filter((k) => !isSame(k.version, versions.get(k.user))).map((k) => k.user);
  }

  /** Requests that wait for the user's answer, as stanzas, the oldest first (§3.1.3). */
  async requests(user: string): Promise<readonly Uint8Array[]> {
    const { requests } = await this.#read(user);
    if (requests === 0) return [];
    return this.#copies.orCopy(
      user,
      () => selectRequests(this.#db, user),
      (copy) => copy?.requests ?? [],
    );
  }

  async #read(user: string): Promise<StoredRoster> {
    const roster = await this.#cache.get(user);
    if (roster === undefined) throw new RpcError('item-not-found'); // §2.1.4
    return roster;
  }

  async #describe({ own }: Sides, tx: Queryable, { name, groups }: RosterItem): Promise<void> {
    if (own === undefined) throw new RpcError('item-not-found');
    own.describe(name, groups);
    if (own.item !== undefined) await this.#requireRoom(own.item, own.user, tx);
  }

  /** §2.5.2: with the item both directions of the subscription go, and a request of the user's that has no answer yet. */
  async #remove({ own, other }: Sides, tx: Queryable): Promise<void> {
    if (own?.item === undefined) throw new RpcError('item-not-found'); // §2.5.3
    const { subscription, ask } = own.item;
    const isBlocked = other !== undefined && (await hasBlocked(tx, other.user, own.user));
    if (seesContact(subscription) || ask) cancel(own, other, 'unsubscribe', isBlocked);
    if (seenByContact(subscription)) cancel(own, other, 'unsubscribed', isBlocked);
    own.remove();
    await pruneTombstones(tx, own.user, this.#config.tombstonesMax - 1); // and the one that is made now
  }

  /** @throws RpcError policy-violation (RFC 6120 §8.3.3.12) when the roster would be too large with this item */
  async #requireRoom(item: RosterItem, user: string, tx: Queryable): Promise<void> {
    const { items, bytes } = await measureRoster(tx, user, item.jid);
    if (items + 1 > this.#config.itemsMax || bytes + itemBytes(item) > this.#config.rosterBytesMax)
      throw new RpcError('policy-violation', 'the roster is full');
  }

  /**
   * §3.1.3, security warning: of too many requests the contact does not hear, nor of one of somebody whom he has blocked (XEP-0191
   * §3.3); they are as if they had not come. Whatever else a blocked one says of a subscription is so, only not told.
   */
  async #mayHear(
    contact: Side,
    tx: Queryable,
    { type, stanza, isBlocked }: { type: SubscriptionType; stanza: Uint8Array; isBlocked: boolean },
  ): Promise<boolean> {
    if (isBlocked && type === 'subscribe') return false;
    if (type !== 'subscribe' || !inbound(contact.state, type).deliver) return true;
    const { count, bytes } = await measureRequests(tx, contact.user);
    if (count < this.#config.requestsMax && bytes + stanza.length <= this.#config.requestsBytesMax) return true;
    this.#metrics.requestsDropped.inc();
    return false;
  }
}

/** What a side gets with a step: the stanza itself, or the contact's answer that the server gives. */
function deliveredBy({ deliver }: Step, { user, contact }: Side, sent: Delivered): Delivered | undefined {
  if (deliver === 'stanza') return sent;
  return deliver && { type: 'subscribed', stanza: serverPresence('subscribed', contact, user) };
}

function take(side: Side | undefined, { state, push }: Step, delivered: Delivered | undefined): void {
  side?.become(state, push, delivered);
}

/** The contact's part of what the server cancels in the user's name; not told to him when he has blocked the user. */
function cancel(own: Side, other: Side | undefined, type: SubscriptionType, isBlocked: boolean): void {
  for (const step of exchange(own.state, other?.state, type)) {
    if (step.side !== 'contact') continue;
    const stanza = serverPresence(type, own.user, own.contact);
    take(other, step, isBlocked ? undefined : step.deliver && { type, stanza });
  }
}

function contactsOf(roster: StoredRoster | undefined, blocked: readonly string[]): UserContacts {
  if (roster === undefined) return { exists: false, contacts: [], requests: 0, blocked };
  const { version, items, requests } = roster;
  const contacts = items
    .filter((item) => item.subscription !== SUBSCRIPTION.none)
    .map(({ jid, subscription }) => ({ jid, subscription }));
  return { exists: true, version, contacts, requests, blocked };
}

const NOBODY: readonly string[] = [];
/** The database is away, and there is no copy of the account. */
const UNKNOWN = Symbol('unknown');
const UNKNOWN_CONTACTS: UserContacts = { exists: false, unknown: true, contacts: [], requests: 0, blocked: [] };

const isSame = (a: RosterVersion | null | undefined, b: RosterVersion | undefined) =>
  a != null && b !== undefined && a.lineage === b.lineage && a.number === b.number;
