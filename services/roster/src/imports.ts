import { createHash } from 'node:crypto';
import { type Log, RpcError } from '@starling/bus';
import {
  COPY,
  type Envelope,
  encodeEnvelope,
  entryId,
  FATE,
  type ImportedRequest,
  KIND,
  type PrivateXml,
  type RosterItem,
  SUBSCRIPTION,
} from '@starling/contracts';
import type { Db } from '@starling/db';
import { type BareJid, bareOf, type Jid, tryParseJid } from '@starling/jid';
import { Stanza } from '@starling/stanza';
import type { AccountCopies } from './account-copies.ts';
import type { Announcer } from './announcer.ts';
import { checkItem } from './check-item.ts';
import type { RosterConfig } from './config.ts';
import type { RosterCache } from './roster-cache.ts';
import { accountsChanged } from './sql/copies-due.ts';
import { insertItems, insertRequests, isRosterNew } from './sql/import-roster.ts';
import { lockAccount } from './sql/lock-account.ts';
import { itemBytes } from './sql/measure-roster.ts';
import { selectAllPrivateXml } from './sql/private-xml.ts';

export interface ImportsOptions {
  readonly db: Db;
  readonly log: Log;
  readonly cache: RosterCache;
  readonly copies: AccountCopies;
  readonly announcer: Announcer;
  readonly config: RosterConfig;
}

/** What export and import of accounts ask for beside what clients do (XEP-0227). */
export class Imports {
  readonly #options: ImportsOptions;

  constructor(options: ImportsOptions) {
    this.#options = options;
  }

  privateXml(user: string): Promise<readonly PrivateXml[]> {
    return selectAllPrivateXml(this.#options.db, user);
  }

  /**
   * The roster of an account that has none yet, as it was elsewhere: the contacts' sides come with their own accounts, or were there before.
   * @throws RpcError item-not-found, conflict; bad-request, jid-malformed, not-acceptable, not-allowed, policy-violation
   */
  async roster(user: string, items: readonly RosterItem[], requests: readonly ImportedRequest[]): Promise<void> {
    this.#check(user, items, requests);
    const { db, cache, copies, announcer } = this.#options;
    await db.transaction(async (tx) => {
      if (!(await lockAccount(tx, user))) throw new RpcError('item-not-found');
      if (!(await isRosterNew(tx, user))) throw new RpcError('conflict', 'there is a roster already');
      await insertItems(tx, user, items);
      await insertRequests(tx, user, requests);
      await accountsChanged(tx, [user]);
    });
    cache.drop(user);
    announcer.tellReload(user);
    await copies.changed([user]);
  }

  /**
   * Messages that waited elsewhere, appended to the user's log, where they wait for his next session. The same ones again are no others.
   * @throws RpcError bad-request; LogUnavailableError, LogFullError, LogBusyError
   */
  async offline(user: string, stanzas: readonly Uint8Array[]): Promise<void> {
    const entries = stanzas.map((stanza) => entryOf(user as BareJid, stanza));
    for (const entry of entries) await this.#options.log.append(entry.owner, entry.id, encodeEnvelope(entry));
  }

  #check(user: string, items: readonly RosterItem[], requests: readonly ImportedRequest[]): void {
    const { config } = this.#options;
    for (const item of items) {
      checkItem(user, item, config);
      const isPending = item.ask && (item.subscription & SUBSCRIPTION.to) !== 0;
      if (item.removed || item.subscription > SUBSCRIPTION.both || isPending)
        throw new RpcError('bad-request', `${item.jid}: no such state of a subscription`);
    }
    if (new Set(items.map(({ jid }) => jid)).size < items.length) throw new RpcError('bad-request', 'an item twice');
    const bytes = items.reduce((sum, item) => sum + itemBytes(item), 0);
    const requestBytes = requests.reduce((sum, { stanza }) => sum + stanza.length, 0);
    if (items.length > config.itemsMax || bytes > config.rosterBytesMax)
      throw new RpcError('policy-violation', 'the roster is too large');
    if (requests.length > config.requestsMax || requestBytes > config.requestsBytesMax)
      throw new RpcError('policy-violation', 'these are too many subscription requests');
    for (const { contact } of requests)
      if (tryParseJid(contact) !== contact || contact.includes('/')) throw new RpcError('jid-malformed', 'no bare JID');
  }
}

/** @throws RpcError bad-request */
function entryOf(owner: BareJid, bytes: Uint8Array): Envelope {
  const { from, to, type, kind } = stanzaIn(bytes);
  if (kind !== 'message' || from === '' || to === '' || bareOf(to) !== owner)
    throw new RpcError('bad-request', 'no message of somebody to this user');
  const key = `import:${createHash('sha256').update(bytes).digest('base64url')}`;
  return {
    id: entryId({ sender: bareOf(from), owner, key, payload: new Uint8Array(0) }),
    ...{ owner, from, to, type, kind: KIND.message, fate: FATE.passing, copy: COPY.received },
    ...{ hints: 0, origin: '', sentAtMs: Date.now(), after: 0, stanza: bytes },
  };
}

function stanzaIn(bytes: Uint8Array): { from: Jid | ''; to: Jid | ''; type: string; kind: string } {
  try {
    return Stanza.decode(bytes);
  } catch (error) {
    // Policy: whatever the parser finds, it is no stanza.
    throw new RpcError('bad-request', 'no stanza', { cause: error });
  }
}
