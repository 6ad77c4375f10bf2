import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { call, MemoryBus, MemoryLog, MemoryRecords, RpcError } from '@starling/bus';
import {
  ARCHIVE_DEFAULT,
  type ArchivePreferences,
  accounts,
  type BlockList,
  blocks,
  decodeArchivePreferences,
  decodeBlockList,
  decodeEnvelope,
  decodeRosterChange,
  decodeRosterNotice,
  KIND,
  partitionOf,
  personal,
  preferences,
  rosters,
  SUBSCRIPTION,
  type Subscription,
  streamOf,
  subjects,
} from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { rosterConfig } from './config.ts';
import { type Roster, startRoster } from './roster.ts';

// A hundred at once on a machine that is busy otherwise.
const TIMEOUT_MS = 30_000;
const STREAMS = 2;
const copies = new MemoryRecords(1_000_000);
const ENV = {
  STARLING_PRIVATE_XML_ELEMENTS_MAX: '3',
  STARLING_PRIVATE_XML_BYTES_MAX: '10000B',
  STARLING_VCARD_BYTES_MAX: '10000B',
  STARLING_BLOCKS_MAX: '5',
};
const bus = new MemoryBus({});
const log = new MemoryLog(bus, { streams: STREAMS, acknowledge: 'at-once' });
let folder: string;
let db: Db;
let roster: Roster;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-personal-'));
  db = await openDb(loadConfig({ db: dbConfig }, { env: { STARLING_DATA_DIR: folder }, args: [] }).db);
  const config = loadConfig({ roster: rosterConfig }, { env: ENV, args: [] }).roster;
  roster = await startRoster({ db, bus, log, copies, config, logger: silentLogger, metrics: new MetricsRegistry() });
});
after(async () => {
  await roster.stop();
  await log.close();
  await bus.close();
  await db.close();
  await rm(folder, { recursive: true });
});

const ask = <Q, R>(method: Parameters<typeof call<Q, R>>[1], request: Q) => call(bus, method, request, TIMEOUT_MS);
const refused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;
const KEYS = [
  {
    mechanism: 'SCRAM-SHA-1',
    salt: Buffer.from('salt'),
    iterations: 4096,
    storedKey: Buffer.alloc(20, 1),
    serverKey: Buffer.alloc(20, 2),
  },
];

let users = 0;
async function newUser(): Promise<BareJid> {
  const user = `user${++users}@localhost` as BareJid;
  await ask(accounts.create, { user, keys: KEYS });
  return user;
}
/** What the roster service would have committed: `user`'s item for `contact`. */
const subscribe = (user: string, contact: string, subscription: Subscription) =>
  db.query(
    `insert into roster_item (username, jid, name, groups, subscription, ask, approved, removed, changed)
      values ($1, $2, '', '{}', $3, false, false, false, 1)`,
    [user, contact, subscription],
  );
const block = (user: string, ...jids: string[]) =>
  ask(blocks.change, { user, block: jids, unblock: [], unblockAll: false });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
const xml = (body: string) => Buffer.from(`<x xmlns='y'>${body}</x>`);

describe('contact', () => {
  it('says what an account is to who asks, by his bare JID', async () => {
    const user = await newUser();
    await subscribe(user, 'nurse@localhost', SUBSCRIPTION.from);
    assert.deepEqual(await contactOf(user, 'nurse@localhost/home'), [true, SUBSCRIPTION.from]);
    assert.deepEqual(await contactOf(user, 'stranger@localhost/home'), [true, SUBSCRIPTION.none]);
    assert.deepEqual(await contactOf('nobody@localhost', 'nurse@localhost/home'), [false, SUBSCRIPTION.none]);
  });

  it('XEP-0191 §3.3 whom an account has blocked finds none, nor one without an address', async () => {
    const user = await newUser();
    await subscribe(user, 'nurse@localhost', SUBSCRIPTION.both);
    await block(user, 'nurse@localhost/home');
    assert.deepEqual(await contactOf(user, 'nurse@localhost/home'), [false, SUBSCRIPTION.none]);
    assert.deepEqual(await contactOf(user, 'nurse@localhost/street'), [true, SUBSCRIPTION.both]);
    assert.deepEqual(await contactOf(user, '@'), [false, SUBSCRIPTION.none]);
  });

  async function contactOf(user: string, contact: string): Promise<[boolean, Subscription]> {
    const { exists, subscription } = await ask(rosters.contact, { user, contact });
    return [exists, subscription];
  }
});

describe('private XML (XEP-0049)', () => {
  const element = (ns: string, name: string, body = '') => ({ ns, name, xml: xml(body) });
  const set = (user: string, ...elements: ReturnType<typeof element>[]) =>
    ask(personal.setPrivateXml, { user, elements });
  const get = async (user: string, ns: string, name: string) =>
    text((await ask(personal.privateXml, { user, ns, name })).xml);

  it('keeps one element a name and namespace, replaced by the next', async () => {
    const user = await newUser();
    await set(user, element('urn:a', 'x', '1'), element('urn:a', 'y', '2'));
    await set(user, element('urn:a', 'x', '3'));
    assert.equal(await get(user, 'urn:a', 'x'), text(xml('3')));
    assert.equal(await get(user, 'urn:a', 'y'), text(xml('2')));
    assert.equal(await get(user, 'urn:b', 'x'), '');
    assert.equal(await get(await newUser(), 'urn:a', 'x'), '');
  });

  it('more than may be kept is refused whole', async () => {
    const user = await newUser();
    await set(user, element('urn:a', '1'), element('urn:a', '2'));
    await assert.rejects(set(user, element('urn:a', '3'), element('urn:a', '4')), refused('policy-violation'));
    assert.equal(await get(user, 'urn:a', '3'), '');
    await set(user, element('urn:a', '3'));
    await assert.rejects(set(user, element('urn:a', '3', 'x'.repeat(10_000))), refused('policy-violation'));
    assert.equal(await get(user, 'urn:a', '3'), text(xml('')));
    await assert.rejects(set(user, element('urn:a', '1'), element('urn:a', '1')), refused('bad-request'));
    await assert.rejects(set('nobody@localhost', element('urn:a', '1')), refused('item-not-found'));
  });
});

describe('vCards (XEP-0054)', () => {
  const get = async (user: string, asker: string) => text((await ask(personal.vcard, { user, asker })).xml);

  it('everybody reads them, save who is blocked', async () => {
    const user = await newUser();
    assert.equal(await get(user, user), '');
    await ask(personal.setVcard, { user, xml: xml('1') });
    await ask(personal.setVcard, { user, xml: xml('2') });
    assert.equal(await get(user, 'anybody@localhost/x'), text(xml('2')));
    await block(user, 'localhost');
    assert.equal(await get(user, 'anybody@localhost/x'), '');
    assert.equal(await get(user, `${user}/phone`), text(xml('2')), 'nobody blocks himself');
  });

  it('one that is too large is refused, and nobody has one without an account', async () => {
    const user = await newUser();
    const tooLarge = Buffer.alloc(10_001, 'x');
    await assert.rejects(ask(personal.setVcard, { user, xml: tooLarge }), refused('policy-violation'));
    await assert.rejects(ask(personal.setVcard, { user: 'nobody@localhost', xml: xml('') }), refused('item-not-found'));
  });
});

describe('last activity (XEP-0012)', () => {
  const told = (user: string, atMs: number, status = '') => ask(personal.setLast, { users: [{ user, atMs, status }] });
  const get = async (user: string, asker: string) => {
    const { visible, atMs, status } = await ask(personal.last, { user, asker });
    return { visible, atMs, status };
  };

  it('§3 only who may see the presence of an account is told, and the account itself', async () => {
    const user = await newUser();
    await told(user, 1_800_000_000_000, '回家');
    const known = { visible: true, atMs: 1_800_000_000_000, status: '回家' };
    const hidden = { visible: false, atMs: 0, status: '' };
    for (const subscription of [SUBSCRIPTION.none, SUBSCRIPTION.to, SUBSCRIPTION.from, SUBSCRIPTION.both]) {
      const contact = `contact${subscription}@localhost`;
      await subscribe(user, contact, subscription);
      const isSeen = subscription === SUBSCRIPTION.from || subscription === SUBSCRIPTION.both;
      assert.deepEqual(await get(user, `${contact}/x`), isSeen ? known : hidden, contact);
    }
    assert.deepEqual(await get(user, `${user}/x`), known);
    assert.deepEqual(await get(user, 'stranger@localhost/x'), hidden);
    assert.deepEqual(await get('nobody@localhost', 'contact3@localhost/x'), hidden);
    await block(user, 'contact3@localhost');
    assert.deepEqual(await get(user, 'contact3@localhost/x'), hidden);
  });

  it('the newest counts, whatever the order; of accounts that there are', async () => {
    const user = await newUser();
    const users = [
      { user, atMs: 2_000, status: 'b' },
      { user, atMs: 3_000, status: 'c' },
      { user, atMs: 1_000, status: 'a' },
      { user: 'nobody@localhost', atMs: 1, status: '' },
    ];
    await ask(personal.setLast, { users });
    await told(user, 2_500, 'late');
    assert.deepEqual(await get(user, user), { visible: true, atMs: 3_000, status: 'c' });
  });

  it('who was never seen is as old as the account; a long status is cut', async () => {
    const user = await newUser();
    const { atMs } = await get(user, user);
    assert.ok(Math.abs(Date.now() - atMs) < 60_000);
    await told(user, Date.now() + 1_000, '🐦'.repeat(2_000));
    assert.equal((await get(user, user)).status, '🐦'.repeat(1_024));
  });
});

describe('block lists (XEP-0191)', () => {
  it('every change is an entry of the log with the list after it, and a notice for the presence', async () => {
    const user = await newUser();
    const notices: string[] = [];
    const subscription = bus.subscribe(subjects.rosterChanges, ({ data }) => {
      const notice = decodeRosterNotice(data);
      if (notice.blocks) notices.push(notice.user);
    });
    assert.deepEqual(plainList(await ask(blocks.list, { user })), { version: 0, jids: [], cleared: false });
    const first = await block(user, 'a@x', 'b@x/r');
    const both = await ask(blocks.list, { user, preferences: true });
    assert.deepEqual(plainList(both), plainList(first));
    assert.deepEqual(both.preferences, await ask(preferences.get, { user }));
    const second = await ask(blocks.change, { user, block: ['c'], unblock: ['a@x'], unblockAll: false });
    const third = await ask(blocks.change, { user, block: [], unblock: [], unblockAll: true });
    assert.deepEqual(
      [first, second, third].map(({ jids, cleared }) => [jids, cleared]),
      [
        [['a@x', 'b@x/r'], false],
        [['b@x/r', 'c'], false],
        [[], true],
      ],
    );
    assert.ok(first.version < second.version && second.version < third.version);
    assert.deepEqual((await entriesOf(user)).map(plainList), [first, second, third].map(plainList));
    await bus.flush();
    subscription.unsubscribe();
    assert.deepEqual(notices, [user, user, user]);
  });

  it('the presence service learns the list with the contacts', async () => {
    const user = await newUser();
    for (const [contact, subscription] of [
      ['a@x', SUBSCRIPTION.both],
      ['b@x', SUBSCRIPTION.from],
    ] as const)
      await subscribe(user, contact, subscription);
    const before = await ask(rosters.contacts, { users: [user] });
    assert.deepEqual(before.users[0]?.blocked, []);
    await block(user, 'a@x', 'c');
    await bus.flush();
    const { users } = await ask(rosters.contacts, { users: [user] });
    assert.deepEqual([users[0]?.contacts.length, users[0]?.blocked], [2, ['a@x', 'c']]);
  });

  it('§3.3 of a blocked one no request waits, and what he ends is ended in silence', async () => {
    const [user, stalker] = [await newUser(), await newUser()];
    const told: string[] = [];
    const subscription = bus.subscribe(subjects.user(user), ({ data }) => {
      const envelope = decodeEnvelope(data);
      if (envelope.kind !== KIND.rosterChange) return;
      const { type, item } = decodeRosterChange(envelope.stanza);
      told.push(`${type || 'push'} ${item?.subscription}`);
    });
    const send = (from: string, contact: string, type: string) =>
      ask(rosters.subscribe, { user: from, contact, type, stanza: Buffer.from(`<presence type='${type}'/>`) });
    await send(stalker, user, 'subscribe');
    await send(user, stalker, 'subscribed');
    await block(user, stalker);
    await bus.flush();
    told.length = 0;
    await send(stalker, user, 'unsubscribe');
    await send(stalker, user, 'subscribe');
    await bus.flush();
    subscription.unsubscribe();
    assert.deepEqual(told, [`push ${SUBSCRIPTION.none}`]);
    assert.equal((await ask(rosters.requests, { user })).stanzas.length, 0);
  });

  it('what changes nothing makes no entry', async () => {
    const user = await newUser();
    await ask(blocks.change, { user, block: [], unblock: ['a@x'], unblockAll: false });
    const list = await block(user, 'a@x');
    assert.deepEqual(plainList(await block(user, 'a@x')), { ...plainList(list) });
    assert.equal((await entriesOf(user)).length, 1);
  });

  it('a list has a bound, and holds prepared JIDs', async () => {
    const user = await newUser();
    await block(user, '1@x', '2@x', '3@x');
    await assert.rejects(block(user, '4@x', '5@x', '6@x'), refused('policy-violation'));
    await assert.rejects(block(user, 'Upper@x'), refused('jid-malformed'));
    await assert.rejects(block('nobody@localhost', '1@x'), refused('item-not-found'));
    assert.deepEqual((await ask(blocks.list, { user })).jids, ['1@x', '2@x', '3@x']);
  });

  it('fifty changes at once: versions and entries have one order, and the last one is the list', async () => {
    const user = await newUser();
    await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        ask(blocks.change, {
          user,
          block: [`${i % 5}@x`],
          unblock: [`${(i + 1) % 5}@x`],
          unblockAll: i % 7 === 0,
        }),
      ),
    );
    const entries = await entriesOf(user);
    const versions = entries.map((e) => e.version);
    assert.deepEqual(
      versions,
      [...versions].sort((a, b) => a - b),
    );
    assert.deepEqual([...(entries.at(-1)?.jids ?? [])], (await ask(blocks.list, { user })).jids);
  });

  async function entriesOf(user: BareJid): Promise<BlockList[]> {
    const reader = await log.read(streamOf(partitionOf(user), STREAMS), 1);
    const entries = await reader.next(1_000, 10);
    await reader.close();
    return entries
      .map((e) => decodeEnvelope(e.data))
      .filter((e) => e.owner === user && e.kind === KIND.blocksChanged)
      .map((e) => decodeBlockList(e.stanza));
  }
});

describe('XEP-0441 archiving preferences', () => {
  const none = { fallback: ARCHIVE_DEFAULT.always, always: [], never: [] };
  const set = (user: string, more: Partial<Parameters<typeof preferences.set.encodeRequest>[0]> = {}) =>
    ask(preferences.set, { user, ...none, ...more });
  const plain = ({ version, fallback, always, never, roster: jids }: ArchivePreferences) => ({
    ...{ version, fallback, always: [...always], never: [...never], roster: [...jids] },
  });
  async function entriesOf(user: BareJid): Promise<ReturnType<typeof plain>[]> {
    const reader = await log.read(streamOf(partitionOf(user), STREAMS), 1);
    const entries = await reader.next(1_000, 10);
    await reader.close();
    return entries
      .map((e) => decodeEnvelope(e.data))
      .filter((e) => e.owner === user && e.kind === KIND.preferencesChanged)
      .map((e) => plain(decodeArchivePreferences(e.stanza)));
  }
  const putOnRoster = (user: string, jid: string, removed = false) =>
    ask(rosters.set, {
      user,
      item: { ...{ jid, name: '', groups: [], subscription: SUBSCRIPTION.none }, ask: false, approved: false, removed },
    });

  it('are what was said last, and an entry of the log at each change', async () => {
    const user = await newUser();
    assert.deepEqual(plain(await ask(preferences.get, { user })), { version: 0, ...none, roster: [] });
    const first = await set(user, { fallback: ARCHIVE_DEFAULT.never, always: ['a@x'], never: ['b@x/r'] });
    const second = await set(user);
    assert.ok(first.version < second.version);
    assert.deepEqual(await entriesOf(user), [plain(first), plain(second)]);
    assert.deepEqual(plain(await ask(preferences.get, { user })), plain(second));
  });

  it('that go by the roster are told again when somebody comes into it or goes', async () => {
    const user = await newUser();
    await putOnRoster(user, 'a@x');
    assert.deepEqual(await entriesOf(user), [], 'nobody has set any');
    await set(user, { fallback: ARCHIVE_DEFAULT.roster, never: ['n@x'] });
    await putOnRoster(user, 'b@x');
    await putOnRoster(user, 'b@x');
    const stanza = Buffer.from("<presence type='subscribe'/>");
    await ask(rosters.subscribe, { user, contact: 'c@x', type: 'subscribe', stanza });
    await putOnRoster(user, 'a@x', true);
    const entries = await entriesOf(user);
    assert.deepEqual(
      entries.map(({ roster: jids }) => jids.join()),
      ['a@x', 'a@x,b@x', 'a@x,b@x,c@x', 'b@x,c@x'],
    );
    assert.ok(entries.every(({ never, fallback }) => never.join() === 'n@x' && fallback === ARCHIVE_DEFAULT.roster));
    assert.deepEqual(plain(await ask(preferences.get, { user })), entries.at(-1));
    await set(user);
    await putOnRoster(user, 'd@x');
    assert.equal((await entriesOf(user)).length, entries.length + 1);
  });

  it('have a bound, and hold prepared JIDs', async () => {
    const user = await newUser();
    const many = Array.from({ length: 2_001 }, (_, i) => `${i}@x`);
    await assert.rejects(set(user, { always: many }), refused('policy-violation'));
    await assert.rejects(set(user, { never: ['Upper@x'] }), refused('jid-malformed'));
    await assert.rejects(set(user, { fallback: 7 as never }), refused('bad-request'));
    await assert.rejects(set('nobody@localhost'), refused('item-not-found'));
    assert.deepEqual(await entriesOf(user), []);
  });
});

it('XEP-0077 an account that is made again has nothing of the old one', async () => {
  const user = await newUser();
  await ask(personal.setPrivateXml, { user, elements: [{ ns: 'urn:a', name: 'x', xml: xml('') }] });
  await ask(personal.setVcard, { user, xml: xml('') });
  await ask(personal.setLast, { users: [{ user, atMs: 1_000, status: 'gone' }] });
  const { version } = await block(user, 'a@x');
  await ask(preferences.set, { user, fallback: ARCHIVE_DEFAULT.never, always: [], never: [] });
  await ask(accounts.remove, { user });
  for (const table of ['private_xml', 'vcard', 'last_activity', 'block_list', 'archive_preference_list'])
    assert.equal((await db.query(`select 1 from ${table} where username = $1`, [user])).length, 0, table);
  await assert.rejects(ask(blocks.list, { user }), { condition: 'item-not-found' });
  await ask(accounts.create, { user, keys: KEYS });
  assert.deepEqual(plainList(await ask(blocks.list, { user })), { version: 0, jids: [], cleared: false });
  assert.equal((await ask(personal.last, { user, asker: user })).status, '');
  assert.ok((await block(user, 'a@x')).version > version, 'a list of the old account is void');
});

/** As plain objects: in a generated class a default is not the object's own. */
const plainList = ({ version, jids, cleared }: BlockList) => ({ version, jids: [...jids], cleared });
