import {
  accounts,
  archive,
  blocks,
  bulk,
  type Position,
  partitionOf,
  personal,
  preferences,
  rosters,
  streamOf,
} from '@starling/contracts';
import { type BareJid, localOf } from '@starling/jid';
import { escapeAttribute, serialize } from '@starling/xml';
import type { System } from '../system.ts';
import { elementsOf, type PortableAccount } from './account-elements.ts';
import { offlineOf, resultOf } from './message-elements.ts';
import { NS } from './names.ts';
import type { Sink } from './sink.ts';

/** Messages that are asked for at once. */
const PAGE_MAX = 500;

export interface ExportOptions {
  readonly system: System;
  readonly sink: Sink;
  /** What of each user is written. */
  readonly parts: { readonly account: boolean; readonly archive: boolean };
  /** After each page. */
  readonly onMessages: (count: number) => void;
}

/** Writes a file of XEP-0227 with these users; never more than one page of messages is in memory. @throws AccountError, CommandError */
export async function exportUsers(users: AsyncIterable<BareJid>, options: ExportOptions): Promise<void> {
  const { sink, system } = options;
  await sink.write(`<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='${NS.pie}'>\n`);
  await sink.write(`<host jid='${escapeAttribute(system.domain)}'>\n`);
  for await (const user of users) await exportUser(user, options);
  await sink.write('</host>\n</server-data>\n');
}

async function exportUser(user: BareJid, options: ExportOptions): Promise<void> {
  const { sink, system, parts, onMessages } = options;
  const account = parts.account ? await readAccount(system, user) : undefined;
  // Removed since it was listed.
  if (parts.account && account === undefined) return;
  await sink.write(`<user name='${escapeAttribute(localOf(user))}'>\n`);
  // The order of the schema (§9): what waits offline comes first.
  if (parts.account) await writeOffline(user, options);
  if (account) for (const element of elementsOf(account)) await sink.write(`${serialize(element, NS.pie)}\n`);
  if (parts.archive) {
    const list = new List(sink, `<archive xmlns='${NS.archive}'>`, '</archive>');
    for await (const entries of archivePages(system, user)) {
      for (const entry of entries) await list.write(serialize(resultOf(entry), NS.archive));
      onMessages(entries.length);
    }
    await list.end();
  }
  await sink.write('</user>\n');
}

async function writeOffline(user: BareJid, { sink, system, onMessages }: ExportOptions): Promise<void> {
  const list = new List(sink, '<offline-messages>', '</offline-messages>');
  const method = bulk.passing(streamOf(partitionOf(user), system.streams));
  let after: Position | undefined;
  for (let complete = false; !complete; ) {
    const page = await system.call(method, { user, after, limit: PAGE_MAX });
    for (const entry of page.entries) await list.write(serialize(offlineOf(user, entry), NS.pie));
    onMessages(page.entries.length);
    complete = page.complete;
    after = page.entries.at(-1)?.position;
  }
  await list.end();
}

async function* archivePages(system: System, user: BareJid) {
  const method = archive.page(streamOf(partitionOf(user), system.streams));
  const all = { user, with: '', ids: [], known: [], limit: PAGE_MAX, backwards: false, count: false };
  let after: Position | undefined;
  for (let complete = false; !complete; ) {
    const page = await system.call(method, { ...all, after });
    yield page.entries;
    complete = page.complete || page.entries.length === 0;
    after = page.entries.at(-1)?.position;
  }
}

/** Undefined when there is no such account. */
async function readAccount(system: System, user: BareJid): Promise<PortableAccount | undefined> {
  const { exists, keys } = await system.call(accounts.keys, { user });
  if (!exists) return undefined;
  const roster = await system.call(rosters.get, { user, known: false });
  const { stanzas } = await system.call(rosters.requests, { user });
  const { xml } = await system.call(personal.vcard, { user, asker: user });
  const { elements } = await system.call(bulk.privateXml, { user });
  const { jids } = await system.call(blocks.list, { user });
  const wanted = await system.call(preferences.get, { user });
  return {
    keys,
    items: roster.items,
    requests: stanzas,
    vcard: xml.length === 0 ? undefined : xml,
    privateXml: elements,
    blocked: jids,
    preferences: wanted.version === 0 ? undefined : wanted,
  };
}

/** An element with one child a line; without children there is none. */
class List {
  readonly #sink: Sink;
  readonly #tail: string;
  #head: string;

  constructor(sink: Sink, head: string, tail: string) {
    this.#sink = sink;
    this.#head = `${head}\n`;
    this.#tail = `${tail}\n`;
  }

  async write(line: string): Promise<void> {
    await this.#sink.write(`${this.#head}${line}\n`);
    this.#head = '';
  }

  async end(): Promise<void> {
    if (this.#head === '') await this.#sink.write(this.#tail);
  }
}
