import {
  accounts,
  blocks,
  bulk,
  type ImportedEntry,
  partitionOf,
  personal,
  preferences,
  type ScramKeys,
  streamOf,
} from '@starling/contracts';
import { type BareJid, JidError, localOf, makeBareJid } from '@starling/jid';
import type { Element } from '@starling/xml';
import { AccountError } from '../accounts.ts';
import type { System } from '../system.ts';
import { AccountBuilder, type ReadAccount } from './account-builder.ts';
import { entryOf, stanzaOf } from './message-elements.ts';
import type { PortableEvent } from './reader.ts';

/** Messages of one request, and their bytes: with what is around them they fit in one message of the bus. */
const BATCH_MAX = 200;
const BATCH_BYTES_MAX = 256 * 1024;
/** The archive learns of an account by its log. */
const KNOWN_TIMEOUT_MS = 60_000;
const RETRY_MS = 250;

export interface ImportOptions {
  readonly system: System;
  /** Reads the file from its beginning. */
  readonly open: () => AsyncIterable<PortableEvent>;
  /** The keys of a password that stands in the file. */
  readonly keysOf: (password: string) => Promise<readonly ScramKeys[]>;
  /** Goes on with messages of accounts that are there already, as an interrupted import has left them. */
  readonly resume: boolean;
  readonly note: (text: string) => void;
  readonly onUser: (user: string) => void;
  readonly onMessages: (count: number) => void;
}

export interface Imported {
  readonly users: number;
  /** That were there before, and others that could not be made. */
  readonly skipped: number;
  readonly messages: number;
}

/**
 * Makes the accounts of a file of XEP-0227, then brings their messages: the file is read twice, since what is needed for an account may
 * stand behind its archive. @throws AccountError, CommandError
 */
export async function importUsers(options: ImportOptions): Promise<Imported> {
  const found = await importAccounts(options);
  const messages = await importMessages(options, found.taken);
  return { users: found.users, skipped: found.skipped, messages };
}

async function importAccounts(options: ImportOptions) {
  const { system, open, note, onUser } = options;
  const taken = new Set<string>();
  let [users, skipped] = [0, 0];
  let host = '';
  let current: { user: BareJid; password: string | undefined; builder: AccountBuilder } | undefined;
  for await (const event of open()) {
    if (event.kind === 'note') note(event.text);
    else if (event.kind === 'host') {
      host = event.jid;
      if (host !== system.domain) note(`${host} is not served here: its users are passed by`);
    } else if (event.kind === 'user') {
      const user = host === system.domain ? userOf(event.name, host) : undefined;
      if (host === system.domain && user === undefined) note(`'${event.name}' is no name of a user`);
      const builder = new AccountBuilder((text) => note(`${event.name}: ${text}`));
      current = user && { user, password: event.password, builder };
      if (user) onUser(user);
    } else if (event.kind === 'child') current?.builder.take(event.element);
    else if (event.kind === 'user-end' && current) {
      const outcome = await makeAccount(options, current);
      if (outcome !== 'skipped') taken.add(current.user);
      if (outcome === 'made') users++;
      else skipped++;
      current = undefined;
    }
  }
  return { users, skipped, taken };
}

async function makeAccount(
  { system, keysOf, resume, note }: ImportOptions,
  { user, password, builder }: { user: BareJid; password: string | undefined; builder: AccountBuilder },
): Promise<'made' | 'there' | 'skipped'> {
  const { account } = builder;
  const keys = account.keys.length > 0 || password === undefined ? account.keys : await keysOf(password);
  if (keys.length === 0) {
    note(`${user} has neither credentials nor a password, and is passed by`);
    return 'skipped';
  }
  try {
    const { exists } = await system.call(accounts.keys, { user });
    if (!exists) await system.call(accounts.create, { user, keys });
    else if (!resume) note(`${user} exists already, and is passed by`);
    if (exists) return resume ? 'there' : 'skipped';
  } catch (error) {
    // Policy: one account that is not acceptable does not keep the others out; an outage does.
    if (!(error instanceof AccountError) || isOutage(error)) throw error;
    note(`${user}: ${error.condition}: ${error.message}`);
    return 'skipped';
  }
  await fill(system, user, account, note);
  return 'made';
}

async function fill(system: System, user: BareJid, account: ReadAccount, note: (text: string) => void): Promise<void> {
  const { items, requests, vcard, privateXml, blocked, preferences: wanted } = account;
  const attempt = async (what: string, work: Promise<unknown>) => {
    try {
      await work;
    } catch (error) {
      // Policy: what is too much for this system is told, and the rest is taken.
      if (!(error instanceof AccountError) || isOutage(error)) throw error;
      note(`${user}: ${what}: ${error.condition}: ${error.message}`);
    }
  };
  if (items.length > 0 || requests.length > 0)
    await attempt('roster', system.call(bulk.importRoster, { user, items, requests }));
  if (vcard) await attempt('vCard', system.call(personal.setVcard, { user, xml: vcard }));
  if (privateXml.length > 0)
    await attempt('private XML', system.call(personal.setPrivateXml, { user, elements: privateXml }));
  if (wanted) await attempt('preferences', system.call(preferences.set, { user, ...wanted }));
  if (blocked.length > 0)
    await attempt('block list', system.call(blocks.change, { user, block: blocked, unblock: [], unblockAll: false }));
}

async function importMessages(options: ImportOptions, taken: ReadonlySet<string>): Promise<number> {
  const { open, onUser } = options;
  let host = '';
  let messages = 0;
  let current: UserMessages | undefined;
  for await (const event of open()) {
    if (event.kind === 'host') host = event.jid;
    else if (event.kind === 'user') {
      const user = userOf(event.name, host);
      current = user !== undefined && taken.has(user) ? new UserMessages(user, options) : undefined;
      if (current) onUser(event.name);
    } else if (event.kind === 'archived') await current?.archived(event.element);
    else if (event.kind === 'offline') await current?.offline(event.element);
    else if (event.kind === 'user-end') {
      await current?.end();
      messages += current?.written ?? 0;
      current = undefined;
    }
  }
  return messages;
}

/** The messages of one user on their way, in batches. */
class UserMessages {
  readonly #user: BareJid;
  readonly #options: ImportOptions;
  readonly #archived: ImportedEntry[] = [];
  readonly #offline: Uint8Array[] = [];
  #bytes = 0;
  /** Of the archive: what there was before of an interrupted import, of which the file has the same. */
  #before: number | undefined;
  #passedBy = 0;
  #next = 0;
  written = 0;

  constructor(user: BareJid, options: ImportOptions) {
    this.#user = user;
    this.#options = options;
  }

  async archived(element: Element): Promise<void> {
    const entry = entryOf(this.#user, element);
    if (typeof entry === 'string') {
      this.#options.note(`${this.#user}: ${entry}`);
      return;
    }
    this.#before ??= this.#next = await this.#write(0, []);
    if (this.#passedBy < this.#before) {
      this.#passedBy++;
      return;
    }
    this.#archived.push(entry);
    this.#bytes += entry.envelope.length;
    if (this.#archived.length >= BATCH_MAX || this.#bytes >= BATCH_BYTES_MAX) await this.#flushArchived();
  }

  async offline(element: Element): Promise<void> {
    // They are known by what they are: those of an interrupted import are not doubled for some minutes, and later they may be.
    this.#offline.push(stanzaOf(element));
    this.#bytes += this.#offline.at(-1)?.length ?? 0;
    if (this.#offline.length >= BATCH_MAX || this.#bytes >= BATCH_BYTES_MAX) await this.#flushOffline();
  }

  async end(): Promise<void> {
    await this.#flushArchived();
    await this.#flushOffline();
  }

  async #flushArchived(): Promise<void> {
    const entries = this.#archived.splice(0);
    if (entries.length === 0) return;
    this.#bytes = 0;
    const next = await this.#write(this.#next, entries);
    if (next !== this.#next + entries.length)
      throw new AccountError('conflict', `${this.#user}: somebody else imports messages too`);
    this.#next = next;
    this.#count(entries.length);
  }

  async #flushOffline(): Promise<void> {
    const stanzas = this.#offline.splice(0);
    if (stanzas.length === 0) return;
    this.#bytes = 0;
    try {
      await this.#options.system.call(bulk.importOffline, { user: this.#user, stanzas });
      this.#count(stanzas.length);
    } catch (error) {
      // Policy: a file from elsewhere may hold what is no message to this user; an outage ends the import.
      if (!(error instanceof AccountError) || isOutage(error)) throw error;
      this.#options.note(`${this.#user}: messages that waited offline: ${error.condition}: ${error.message}`);
    }
  }

  async #write(from: number, entries: readonly ImportedEntry[]): Promise<number> {
    const { system } = this.#options;
    const method = bulk.importArchive(streamOf(partitionOf(this.#user), system.streams));
    for (const deadline = Date.now() + KNOWN_TIMEOUT_MS; ; ) {
      try {
        return (await system.call(method, { user: this.#user, from, entries })).next;
      } catch (error) {
        // Policy: the archive reads the account's creation in its turn.
        if (!(error instanceof AccountError) || error.condition !== 'item-not-found' || Date.now() > deadline)
          throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #count(messages: number): void {
    this.written += messages;
    this.#options.onMessages(messages);
  }
}

const OUTAGES: ReadonlySet<string> = new Set(['resource-constraint', 'remote-server-timeout', 'internal-server-error']);
const isOutage = ({ condition }: AccountError): boolean => OUTAGES.has(condition);

function userOf(name: string, domain: string): BareJid | undefined {
  try {
    const user = makeBareJid(name, domain);
    return localOf(user) === '' ? undefined : user;
  } catch (error) {
    // Policy: the caller tells the operator.
    if (!(error instanceof JidError)) throw error;
    return undefined;
  }
}
