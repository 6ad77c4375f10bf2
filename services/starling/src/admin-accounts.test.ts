import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ScramKeys } from '@starling/contracts';
import { AdminServer, Health, MetricsRegistry, Secret, silentLogger } from '@starling/runtime';
import { AccountError, type Accounts } from './accounts.ts';
import { mountAccounts } from './admin-accounts.ts';
import { accountsOfRunning } from './admin-client.ts';
import { CommandError, EXIT } from './exit-codes.ts';

const KEYS: ScramKeys = {
  mechanism: 'SCRAM-SHA-256',
  salt: Buffer.from([0, 255, 128]),
  iterations: 4096,
  storedKey: Buffer.alloc(32, 7),
  serverKey: Buffer.alloc(32, 9),
};

const stored = new Map<string, readonly ScramKeys[]>();
const kept = new Map<string, number | undefined>();
const memory: Accounts = {
  async create(user, keys) {
    if (user === 'broken@x') throw new Error('a mistake');
    if (stored.has(user)) throw new AccountError('conflict', 'it exists');
    stored.set(user, keys);
  },
  async setKeys(user, keys) {
    if (!stored.has(user)) throw new AccountError('item-not-found', '');
    stored.set(user, keys);
  },
  async remove(user) {
    if (!stored.delete(user)) throw new AccountError('item-not-found', '');
  },
  async setRetention(user, retentionMs) {
    if (!stored.has(user)) throw new AccountError('item-not-found', '');
    kept.set(user, retentionMs);
  },
  async list(after) {
    if (after === 'busy') throw new AccountError('resource-constraint', 'not now');
    return { users: [...stored.keys()].filter((user) => user > after).sort(), complete: true };
  },
};

const admin = await AdminServer.open({
  host: '127.0.0.1',
  port: 0,
  token: new Secret('right'),
  health: new Health(),
  metrics: new MetricsRegistry(),
  log: silentLogger,
});
after(() => admin.close());
mountAccounts(admin, memory);
const adminUrl = `http://127.0.0.1:${admin.port}`;
const remote = accountsOfRunning({ adminUrl, token: 'right' });

const condition = (wanted: string) => (error: unknown) => error instanceof AccountError && error.condition === wanted;

test('what is asked over the admin port arrives as it was', async () => {
  const user = 'ålice/ö?@example.org';
  await remote.create(user, [KEYS]);
  const { salt, storedKey, serverKey, ...rest } = stored.get(user)?.[0] ?? KEYS;
  assert.deepEqual(
    { salt: Buffer.from(salt), storedKey: Buffer.from(storedKey), serverKey: Buffer.from(serverKey), ...rest },
    KEYS,
  );
  await remote.setKeys(user, [KEYS, KEYS]);
  assert.equal(stored.get(user)?.length, 2);
  assert.deepEqual(await remote.list(''), { users: [user], complete: true });
  assert.deepEqual(await remote.list(user), { users: [], complete: true });
  await remote.setRetention(user, 86_400_000);
  assert.equal(kept.get(user), 86_400_000);
  await remote.setRetention(user, undefined);
  assert.equal(kept.get(user), undefined);
  await remote.remove(user);
  assert.equal(stored.size, 0);
});

test('conditions come back as they were', async () => {
  await remote.create('twice@x', [KEYS]);
  await assert.rejects(remote.create('twice@x', [KEYS]), condition('conflict'));
  await assert.rejects(remote.remove('nobody@x'), condition('item-not-found'));
  await assert.rejects(remote.setKeys('nobody@x', [KEYS]), condition('item-not-found'));
  await assert.rejects(remote.setRetention('nobody@x', 0), condition('item-not-found'));
  await assert.rejects(remote.setRetention('twice@x', -1), condition('bad-request'));
  await assert.rejects(remote.list('busy'), condition('resource-constraint'));
  await assert.rejects(remote.create('nokeys@x', []), condition('bad-request'));
});

test('without the token, with a mistake behind it, without a server', async () => {
  const stranger = accountsOfRunning({ adminUrl, token: 'wrong' });
  const exits = (code: number) => (error: unknown) => error instanceof CommandError && error.exitCode === code;
  await assert.rejects(stranger.list(''), exits(EXIT.failed));
  await assert.rejects(remote.create('broken@x', [KEYS]), exits(EXIT.failed));
  await assert.rejects(
    accountsOfRunning({ adminUrl: 'http://127.0.0.1:1', token: '' }).list(''),
    exits(EXIT.unavailable),
  );
});
