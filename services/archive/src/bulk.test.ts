import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call, RpcError } from '@starling/bus';
import {
  bulk,
  decodeEnvelope,
  encodeEnvelope,
  FATE,
  type ImportedEntry,
  archive as methods,
  type PageRequest,
  START,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Archive } from './archive.ts';
import { append, create, envelopeTo, remove, streamOfUser, until, userOn } from './testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from './testing/world.ts';

const TIMEOUT_MS = 5_000;
/** Long before anybody made a partition. */
const YEAR_2010_MS = Date.UTC(2010, 0, 1);
const DAY_MS = 86_400_000;
const EVERYTHING = { with: '', ids: [], known: [], limit: 500, backwards: false, count: true } as const;
const isRefused = (condition: string) => (error: unknown) => error instanceof RpcError && error.condition === condition;

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`moving archives in a ${WorldClass.name}`, { timeout: 120_000 }, () => {
    let world: World;
    let archive: Archive;
    const alice = userOn(0, 'alice');
    const bob = userOn(0, 'bob');

    beforeEach(async () => {
      world = await WorldClass.open(servers);
      archive = await world.start();
    });
    afterEach(async () => {
      await archive.stop();
      await world.close();
    });

    const entryOf = (id: string, day: number, user: BareJid = alice): ImportedEntry => ({
      committedAtMs: YEAR_2010_MS + day * DAY_MS,
      envelope: encodeEnvelope(envelopeTo(user, { id })),
    });
    const add = async (from: number, entries: readonly ImportedEntry[], user: BareJid = alice) =>
      (await call(world.bus, bulk.importArchive(streamOfUser(user)), { user, from, entries }, TIMEOUT_MS)).next;
    const prune = (user: string, beforeMs: number) => call(world.bus, bulk.prune(0), { user, beforeMs }, TIMEOUT_MS);
    const page = (user: BareJid = alice, more: Partial<PageRequest> = {}) =>
      call(world.bus, methods.page(streamOfUser(user)), { ...EVERYTHING, user, ...more }, TIMEOUT_MS);
    const idsOf = async (user: BareJid = alice) =>
      (await page(user)).entries.map(({ envelope }) => decodeEnvelope(envelope).id);
    const known = async (user: BareJid) => {
      await create(world.log, user);
      await until('the archive knows the account', async () => {
        try {
          return (await add(0, [], user)) === 0;
        } catch (error) {
          if (isRefused('item-not-found')(error)) return false;
          throw error;
        }
      });
    };

    it('puts what is imported before everything that the log has, at its own times', async () => {
      await assert.rejects(add(0, [], userOn(0, 'nobody')), isRefused('item-not-found'));
      await known(alice);
      await append(world.log, alice, { id: 'live' });
      assert.equal(await add(0, [entryOf('a', 0), entryOf('b', 400)]), 2);
      assert.equal(await add(2, [entryOf('c', 800)]), 3);
      await append(world.log, alice, { id: 'later' });
      assert.deepEqual(await idsOf(), ['a', 'b', 'c', 'live', 'later']);
      const { entries, count } = await page();
      assert.deepEqual(
        entries.slice(0, 3).map(({ committedAtMs }) => (committedAtMs - YEAR_2010_MS) / DAY_MS),
        [0, 400, 800],
      );
      assert.equal(count, 5);
    });

    it('finds what is imported by whom it is with (XEP-0313 "Filtering by JID")', async () => {
      await known(alice);
      await add(0, [entryOf('a', 0)]);
      for (const jid of ['sender@example.com', 'sender@example.com/phone', 'other@example.com']) {
        const { entries } = await page(alice, { with: jid });
        assert.equal(entries.length, jid.startsWith('sender') ? 1 : 0, jid);
      }
    });

    it('doubles nothing when it is asked again, and takes no other archive’s messages', async () => {
      await known(alice);
      assert.equal(await add(0, [entryOf('a', 0), entryOf('b', 1)]), 2);
      assert.equal(await add(0, [entryOf('a', 0), entryOf('b', 1)]), 2);
      assert.equal(await add(7, [entryOf('x', 2)]), 2);
      assert.deepEqual(await idsOf(), ['a', 'b']);
      for (const bad of [
        entryOf('of bob', 2, bob),
        { committedAtMs: 1, envelope: encodeEnvelope(envelopeTo(alice, { fate: FATE.passing })) },
        { ...entryOf('timeless', 2), committedAtMs: 0 },
        { committedAtMs: 1, envelope: Buffer.from('no envelope') },
      ])
        await assert.rejects(add(2, [bad]), isRefused('bad-request'));
    });

    it('is nothing that was missed, nor where a log ends', async () => {
      await known(alice);
      await known(bob);
      await add(0, [entryOf('a', 0)]);
      await add(0, [entryOf('b', 0, bob)], bob);
      await append(world.log, alice, { id: 'live' });
      assert.deepEqual(await idsOf(), ['a', 'live']);
      const gap = await call(world.bus, methods.gap(0), { user: alice, after: START, limit: 0 }, TIMEOUT_MS);
      assert.deepEqual(
        gap.entries.map(({ envelope }) => decodeEnvelope(envelope).id),
        ['live'],
      );
      const { last } = await call(
        world.bus,
        methods.last(0),
        { known: [alice, bob].map((user) => ({ user, position: START })) },
        TIMEOUT_MS,
      );
      assert.deepEqual(
        last.map(({ user, position }) => [user, position.epoch]),
        [[alice, 1]],
      );
    });

    it('goes with the account', async () => {
      await known(alice);
      await add(0, [entryOf('a', 0)]);
      await remove(world.log, alice);
      await known(alice);
      assert.deepEqual(await idsOf(), []);
    });

    it('prunes by time, one archive or all, and tells what is kept in passing', async () => {
      for (const user of [alice, bob]) {
        await known(user);
        await add(0, [entryOf('old', 0, user), entryOf('new', 10, user)], user);
      }
      assert.deepEqual({ ...(await prune(alice, YEAR_2010_MS + DAY_MS)) }, { erased: 1, complete: true });
      assert.deepEqual([await idsOf(alice), await idsOf(bob)], [['new'], ['old', 'new']]);
      assert.equal((await prune('', YEAR_2010_MS + DAY_MS)).erased, 1);
      assert.deepEqual([await idsOf(alice), await idsOf(bob)], [['new'], ['new']]);
      await append(world.log, alice, { id: 'passing', fate: FATE.passing });
      await until('it is written', async () => {
        const { entries } = await call(world.bus, bulk.passing(0), { user: alice, limit: 10 }, TIMEOUT_MS);
        return entries.length === 1;
      });
    });
  });
}
