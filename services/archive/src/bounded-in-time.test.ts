import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { call } from '@starling/bus';
import {
  type ArchivedEntry,
  bulk,
  decodeEnvelope,
  encodeEnvelope,
  archive as methods,
  type PageRequest,
  packPosition,
  START,
} from '@starling/contracts';
import fc from 'fast-check';
import type { Archive } from './archive.ts';
import { boundedInTime } from './bounded-in-time.ts';
import { Partitions } from './partitions.ts';
import { append, create, envelopeTo, streamOfUser, until, userOn } from './testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from './testing/world.ts';

const TIMEOUT_MS = 5_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const FROM_MS = Date.UTC(2010, 0, 1);
const DAYS = 60;
const LOGGED = 60;
const IMPORTED = 6;
const EVERYTHING = { with: '', ids: [], known: [], limit: 500, backwards: false, count: false } as const;
const idOf = ({ envelope }: ArchivedEntry) => decodeEnvelope(envelope).id;

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`times in a ${WorldClass.name}`, { timeout: 120_000 }, () => {
    let world: World;
    let archive: Archive;
    const alice = userOn(0, 'alice');
    const senderOf = (i: number) => (i % 5 === 0 ? 'rare@example.com/x' : 'sender@example.com/phone');

    beforeEach(async () => {
      world = await WorldClass.open(servers);
      archive = await world.start({ env: { STARLING_ARCHIVE_PARTITION: '10d' } });
      await create(world.log, alice);
      for (let i = 0; i < LOGGED; i++) await append(world.log, alice, { id: `m${i}`, from: senderOf(i) });
      await until('all is written', async () => (await rowCount()) === LOGGED);
      // What is imported is in no order of time, and makes the partitions.
      const entries = Array.from({ length: IMPORTED }, (_, i) => ({
        committedAtMs: FROM_MS + ((i * 25 + i) % DAYS) * DAY_MS + DAY_MS / 2,
        envelope: encodeEnvelope(envelopeTo(alice, { id: `i${i}`, from: senderOf(i) })),
      }));
      await call(...([world.bus, bulk.importArchive(0), { user: alice, from: 0, entries }, TIMEOUT_MS] as const));
    });
    afterEach(async () => {
      await archive.stop();
      await world.close();
    });

    const rowCount = async () => {
      const [row] = await world.openDb().query<{ n: number }>('select count(*)::int as n from archive');
      return row?.n ?? 0;
    };
    const page = (request: Partial<PageRequest>) =>
      call(world.bus, methods.page(streamOfUser(alice)), { ...EVERYTHING, user: alice, ...request }, TIMEOUT_MS);
    /** The log's entries get these times. */
    const spread = async (timeOf: (place: number) => number) => {
      const { entries } = await page({});
      const logged = entries.filter(({ position }) => position.epoch > 0);
      assert.equal(logged.length, LOGGED);
      const times = logged.map((_, i) => ({ committedAtMs: Math.floor(timeOf(i)) }));
      const db = world.openDb();
      await new Partitions(db, { partitionMs: 10 * DAY_MS, partitionsAhead: 1 }).having(times, () =>
        db.query(
          `update archive a set committed_at_ms = t.at_ms from unnest($1::bigint[], $2::bigint[]) as t (position, at_ms)
            where a.owner = $3 and a.position = t.position`,
          [logged.map(({ position }) => packPosition(position)), times.map((time) => time.committedAtMs), alice],
        ),
      );
      return (await page({})).entries;
    };

    it('a page between two times has what is between them, whatever was imported, and clocks going back a little', async () => {
      const all = await spread((i) => FROM_MS + Math.floor(i / 2) * 2 * DAY_MS + (i % 2 === 0 ? 50 * MINUTE_MS : 0));
      assert.equal(all.length, LOGGED + IMPORTED);
      const time = fc.option(
        fc
          .tuple(fc.integer({ min: -1, max: DAYS + 1 }), fc.nat(100))
          .map(([days, minutes]) => days * DAY_MS + minutes * MINUTE_MS),
        { nil: undefined, freq: 3 },
      );
      await fc.assert(
        fc.asyncProperty(
          time,
          time,
          fc.boolean(),
          fc.constantFrom('', 'rare@example.com', 'rare@example.com/x'),
          async (...of) => {
            const [start, end, backwards, jid] = of;
            const [startMs, endMs] = [start, end].map((ms) => ms && FROM_MS + ms);
            const wanted = all
              .filter(({ committedAtMs }) => committedAtMs >= (startMs ?? 0) && committedAtMs <= (endMs ?? Infinity))
              .filter(({ envelope }) => decodeEnvelope(envelope).from.startsWith(jid))
              .map(idOf);
            const got: string[] = [];
            let bound: Partial<PageRequest> = {};
            for (let complete = false; !complete; ) {
              const reply = await page({ startMs, endMs, backwards, with: jid, limit: 7, ...bound });
              const ids = reply.entries.map(idOf);
              if (backwards) got.unshift(...ids);
              else got.push(...ids);
              const last = reply.entries.at(backwards ? 0 : -1)?.position;
              bound = backwards ? { before: last } : { after: last };
              complete = reply.complete;
            }
            assert.deepEqual(got, wanted);
            if (!jid.includes('/')) {
              const { count } = await page({ startMs, endMs, with: jid, limit: 0, count: true });
              assert.equal(count, wanted.length);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    it('a time is a place in the log: what is before or behind it is not walked through', async () => {
      const all = await spread((i) => FROM_MS + i * DAY_MS);
      const logged = all.filter(({ position }) => position.epoch > 0);
      const upTo = { epoch: 1, sequence: 1_000 };
      const range = {
        ...{ owner: alice, after: START, before: undefined, upTo, peer: '', ids: [] },
        ...{ startMs: FROM_MS + 25 * DAY_MS, endMs: FROM_MS + 33 * DAY_MS },
      };
      const [imported, log, ...others] = await boundedInTime(world.openDb(), range);
      assert.equal(others.length, 0);
      assert.deepEqual([imported?.after, imported?.upTo.epoch], [START, 0]);
      assert.deepEqual(log?.after, logged[24]?.position && { ...logged[24].position });
      assert.deepEqual(log?.before, logged[34]?.position && { ...logged[34].position });
      assert.deepEqual(await boundedInTime(world.openDb(), { ...range, startMs: undefined, endMs: undefined }), [
        { ...range, startMs: undefined, endMs: undefined },
      ]);
    });
  });
}
