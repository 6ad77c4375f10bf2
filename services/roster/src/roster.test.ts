import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { call, MemoryBus, MemoryLog, MemoryRecords, RpcError } from '@starling/bus';
import { accounts, decodeEnvelope, KIND, partitionOf, type ScramKeys, streamOf } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { rosterConfig } from './config.ts';
import { type Roster, startRoster } from './roster.ts';
import { selectNotices } from './sql/notices.ts';

// A hundred at once on a machine that is busy otherwise.
const TIMEOUT_MS = 30_000;
const STREAMS = 2;
const copies = new MemoryRecords(1_000_000);
const bus = new MemoryBus({});
let log = new MemoryLog(bus, { streams: STREAMS, acknowledge: 'at-once' });
let folder: string;
let db: Db;
let roster: Roster;

const start = () => {
  const config = loadConfig({ roster: rosterConfig }, { env: { STARLING_NOTICE_SWEEP: '100ms' }, args: [] }).roster;
  return startRoster({ db, bus, log, copies, config, logger: silentLogger, metrics: new MetricsRegistry() });
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-roster-'));
  db = await openDb(loadConfig({ db: dbConfig }, { env: { STARLING_DATA_DIR: folder }, args: [] }).db);
  roster = await start();
});
after(async () => {
  await roster.stop();
  await log.close();
  await bus.close();
  await db.close();
  await rm(folder, { recursive: true });
});

const keysOf = (salt: string): ScramKeys[] =>
  ['SCRAM-SHA-1', 'SCRAM-SHA-256'].map((mechanism) => ({
    mechanism,
    salt: Buffer.from(salt),
    iterations: 4096,
    storedKey: Buffer.alloc(mechanism === 'SCRAM-SHA-1' ? 20 : 32, 1),
    serverKey: Buffer.alloc(mechanism === 'SCRAM-SHA-1' ? 20 : 32, 2),
  }));
const ask = <Q, R>(method: Parameters<typeof call<Q, R>>[1], request: Q) => call(bus, method, request, TIMEOUT_MS);
const refused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;

/** Kinds of the entries in a user's log, in order. */
async function entriesOf(user: string): Promise<number[]> {
  const reader = await log.read(streamOf(partitionOf(user as BareJid), STREAMS), 1);
  const entries = await reader.next(1_000, 10);
  await reader.close();
  return entries
    .map((e) => decodeEnvelope(e.data))
    .filter((e) => e.owner === user)
    .map((e) => e.kind);
}

test('an account is made once, its keys come back, its log knows of it', async () => {
  const user = '张三@localhost';
  await ask(accounts.create, { user, keys: keysOf('one') });
  await assert.rejects(ask(accounts.create, { user, keys: keysOf('two') }), refused('conflict'));
  const reply = await ask(accounts.keys, { user });
  assert.equal(reply.exists, true);
  assert.deepEqual(
    reply.keys.map((k) => [k.mechanism, Buffer.from(k.salt).toString(), k.iterations]),
    [
      ['SCRAM-SHA-1', 'one', 4096],
      ['SCRAM-SHA-256', 'one', 4096],
    ],
  );
  assert.equal((await ask(accounts.exists, { user })).exists, true);
  assert.deepEqual(await entriesOf(user), [KIND.accountCreated]);
});

test('new keys replace the old ones', async () => {
  const user = 'keys@localhost';
  await assert.rejects(ask(accounts.setKeys, { user, keys: keysOf('x') }), refused('item-not-found'));
  await ask(accounts.create, { user, keys: keysOf('old') });
  await ask(accounts.setKeys, { user, keys: keysOf('new') });
  const { keys } = await ask(accounts.keys, { user });
  assert.deepEqual(
    keys.map((k) => Buffer.from(k.salt).toString()),
    ['new', 'new'],
  );
});

test('an unknown name has decoy keys, always the same, that look like any', async () => {
  const [first, again, other] = await Promise.all(
    ['nobody@localhost', 'nobody@localhost', 'noone@localhost'].map((user) => ask(accounts.keys, { user })),
  );
  assert.equal(first?.exists, false);
  assert.deepEqual(first, again);
  assert.deepEqual(
    first?.keys.map((k) => [k.mechanism, k.salt.length, k.iterations]),
    [
      ['SCRAM-SHA-1', 16, 4096],
      ['SCRAM-SHA-256', 16, 4096],
    ],
  );
  assert.notDeepEqual(first?.keys[0]?.salt, other?.keys[0]?.salt);
  const beforeRestart = first;
  await roster.stop();
  roster = await start();
  assert.deepEqual(await ask(accounts.keys, { user: 'nobody@localhost' }), beforeRestart);
});

test('removed and registered again: the log has both ends in order', async () => {
  const user = 'phoenix@localhost';
  await ask(accounts.create, { user, keys: keysOf('a') });
  await ask(accounts.remove, { user });
  await assert.rejects(ask(accounts.remove, { user }), refused('item-not-found'));
  assert.equal((await ask(accounts.keys, { user })).exists, false);
  await ask(accounts.create, { user, keys: keysOf('b') });
  assert.deepEqual(await entriesOf(user), [KIND.accountCreated, KIND.accountDeleted, KIND.accountCreated]);
});

test('the same request again succeeds, and the log has one entry', async () => {
  const user = 'twice@localhost';
  await ask(accounts.create, { user, keys: keysOf('t') });
  await ask(accounts.create, { user, keys: keysOf('t').reverse() });
  await assert.rejects(ask(accounts.create, { user, keys: keysOf('u') }), refused('conflict'));
  assert.deepEqual(await entriesOf(user), [KIND.accountCreated]);
});

test('what is no account or no key is refused', async () => {
  for (const user of ['', 'localhost', 'Upper@localhost', 'full@localhost/x', 'a b@localhost'])
    await assert.rejects(ask(accounts.create, { user, keys: keysOf('m') }), refused('jid-malformed'), user);
  const [sha1, sha256] = keysOf('m') as [ScramKeys, ScramKeys];
  const bad: ScramKeys[][] = [
    [],
    [sha1, sha1],
    [{ ...sha1, mechanism: 'SCRAM-MD5' }],
    [{ ...sha256, iterations: 4095 }],
    [{ ...sha256, salt: new Uint8Array(0) }],
    [{ ...sha256, storedKey: sha1.storedKey }],
  ];
  for (const keys of bad)
    await assert.rejects(ask(accounts.create, { user: 'bad@localhost', keys }), refused('bad-request'));
  assert.equal((await ask(accounts.exists, { user: 'bad@localhost' })).exists, false);
});

test('a hundred at once for one name: one wins', async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 100 }, (_, i) => ask(accounts.create, { user: 'race@localhost', keys: keysOf(`r${i}`) })),
  );
  assert.equal(outcomes.filter((o) => o.status === 'fulfilled').length, 1);
});

test('accounts are listed page by page, by domain', async () => {
  for (const name of ['b', 'a', 'c']) await ask(accounts.create, { user: `${name}@list.example`, keys: keysOf('l') });
  const first = await ask(accounts.list, { domain: 'list.example', after: '', limit: 2 });
  assert.deepEqual([...first.users], ['a@list.example', 'b@list.example']);
  assert.equal(first.complete, false);
  const second = await ask(accounts.list, { domain: 'list.example', after: 'b@list.example', limit: 2 });
  assert.deepEqual([[...second.users], second.complete], [['c@list.example'], true]);
});

test('a log that is full answers wait, and the notice is written later', async () => {
  await roster.stop();
  const full = log;
  log = new MemoryLog(bus, { streams: STREAMS, acknowledge: 'at-once', bytesMax: 1 });
  roster = await start();
  const user = 'later@localhost';
  await assert.rejects(ask(accounts.create, { user, keys: keysOf('z') }), refused('resource-constraint'));
  assert.equal((await selectNotices(db, user, 10)).length, 1);
  await roster.stop();
  await log.close();
  log = full;
  roster = await start();
  for (let i = 0; i < 200 && (await selectNotices(db, user, 10)).length > 0; i++)
    await new Promise((r) => setTimeout(r, 10));
  assert.deepEqual(await entriesOf(user), [KIND.accountCreated]);
});
