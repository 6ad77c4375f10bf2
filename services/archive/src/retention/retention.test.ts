import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { FATE, packPosition } from '@starling/contracts';
import type { Archive } from '../archive.ts';
import { Partitions } from '../partitions.ts';
import { writeRetention } from '../sql/retention.ts';
import { create, until, userOn } from '../testing/entries.ts';
import { ClusterWorld, MemoryWorld, type Servers, startServers, type World } from '../testing/world.ts';

const HOUR_MS = 3_600_000;
const CONFIG = { partitionMs: HOUR_MS, partitionsAhead: 1 };
const ENV = {
  STARLING_ARCHIVE_PARTITION: '1h',
  STARLING_ARCHIVE_HOUSEKEEPING_INTERVAL: '100ms',
  STARLING_LOG_KEEP: '1m',
};

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const WorldClass of [MemoryWorld, ClusterWorld]) {
  describe(`retention in a ${WorldClass.name}`, { timeout: 60_000 }, () => {
    let world: World;
    let archive: Archive | undefined;
    const [alice, bob] = [userOn(0, 'alice'), userOn(0, 'bob')];

    beforeEach(async () => {
      world = await WorldClass.open(servers);
    });
    afterEach(async () => {
      await archive?.stop();
      await world.close();
    });
    const start = async (env: Record<string, string> = {}) => {
      archive = await world.start({ env: { ...ENV, ...env } });
      for (const user of [alice, bob]) await create(world.log, user);
      const known = async () => (await world.openDb().query('select from archive_owner')).length === 2;
      await until('the accounts are known', known);
    };
    /** As if it had been sent so many hours ago. */
    const had = async (owner: string, hoursAgo: number, fate: number = FATE.archived) => {
      const committedAtMs = Date.now() - hoursAgo * HOUR_MS;
      const position = packPosition({ epoch: 1, sequence: 1_000 - hoursAgo });
      const values = [owner, position, committedAtMs, `${owner} ${hoursAgo}`, fate];
      await new Partitions(world.openDb(), CONFIG).having([{ committedAtMs }], () =>
        world.openDb().query(
          `insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope)
            values ($1, $2, $3, $4, $5, 0, '')`,
          values,
        ),
      );
    };
    const left = async (owner: string) =>
      (
        await world
          .openDb()
          .query<{ entry_id: string }>('select entry_id from archive where owner = $1 order by position', [owner])
      )
        .map(({ entry_id }) => Number(entry_id.split(' ')[1]))
        .join();
    const leaves = (what: string, owner: string, hours: string) =>
      until(`${what}: ${hours}`, async () => (await left(owner)) === hours);

    it('that an account was removed is remembered as long as an edge may have missed it', async () => {
      await start({ STARLING_REMOVAL_KEEP: '1h' });
      const ends = async () =>
        (
          await world.openDb().query<{ entry_id: string }>('select entry_id from archive_end order by committed_at_ms')
        ).map((row) => row.entry_id);
      for (const hoursAgo of [3, 2, 0])
        await world
          .openDb()
          .query("insert into archive_end values ($1, $2, $3, $4, '')", [
            ...[alice, packPosition({ epoch: 1, sequence: 1_000 - hoursAgo }), Date.now() - hoursAgo * HOUR_MS],
            `${hoursAgo}`,
          ]);
      await until('the old ones are forgotten', async () => (await ends()).length === 1);
      assert.deepEqual(await ends(), ['0']);
    });

    it('is for ever unless it is set', async () => {
      await start();
      await had(alice, 900);
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(await left(alice), '900');
    });

    it('drops partitions, and no younger ones', async () => {
      await start({ STARLING_ARCHIVE_RETENTION: '10h' });
      for (const hours of [50, 12, 9, 1]) await had(alice, hours);
      await leaves('the young', alice, '9,1');
      const tables = await world
        .openDb()
        .query<{ name: string }>('select name from archive_partition where lower_ms < $1', [Date.now() - 12 * HOUR_MS]);
      assert.equal(tables.length, 0);
    });

    it('may be shorter or longer for one account', async () => {
      await start({ STARLING_ARCHIVE_RETENTION: '10h' });
      await writeRetention(world.openDb(), alice, 2 * HOUR_MS);
      await writeRetention(world.openDb(), bob, 100 * HOUR_MS);
      for (const owner of [alice, bob]) for (const hours of [200, 50, 5, 1]) await had(owner, hours);
      await leaves('the short one', alice, '1');
      await leaves('the long one', bob, '50,5,1');
      await writeRetention(world.openDb(), alice, null);
      for (const hours of [50, 5]) await had(alice, hours);
      await leaves('as all others', alice, '5,1');
      await writeRetention(world.openDb(), bob, 0);
      await had(bob, 500);
      await new Promise((resolve) => setTimeout(resolve, 500));
      assert.equal(await left(bob), '500,50,5,1');
    });

    it('erases what passes when somebody has got it, or has not come for it in time', async () => {
      await start({ STARLING_OFFLINE_RETENTION: '24h' });
      for (const hours of [30, 20, 10]) await had(alice, hours, FATE.passing);
      await had(alice, 40);
      await had(alice, 0, FATE.passing);
      await leaves('what waits', alice, '40,20,10,0');
      await world
        .openDb()
        .query(`insert into archive_offline (owner, position) values ($1, $2)`, [
          alice,
          packPosition({ epoch: 1, sequence: 1_000 }),
        ]);
      await leaves('what edges may still ask for', alice, '40,0');
    });
  });
}
