import assert from 'node:assert/strict';
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Db, dbConfig, migrate, openDb, SqlError } from '@starling/db';
import { loadConfig } from '@starling/runtime';
import { Partitions } from './partitions.ts';
import { migrateArchive } from './prepare-tables.ts';
import { selectPartitions } from './sql/partitions.ts';
import { type Servers, startServers } from './testing/world.ts';

const MIGRATIONS = fileURLToPath(new URL('./migrations/', import.meta.url));
const DAY_MS = 86_400_000;
const INSERT = `insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope)
  values ('a@x', $1, $2, $3, 2, 0, '') on conflict do nothing`;
const insert = (db: Db, position: number, atMs: number) => db.query(INSERT, [position, atMs, `id-${position}`]);
const positions = async (db: Db) =>
  (await db.query<{ position: bigint }>("select position from archive where owner = 'a@x' order by position")).map(
    (row) => Number(row.position),
  );

let servers: Servers;
before(async () => {
  servers = await startServers();
});
after(() => servers.stop());

for (const engine of ['PGlite', 'PostgreSQL'] as const) {
  describe(`partitions in ${engine}`, { timeout: 60_000 }, () => {
    let db: Db;
    let close = async () => {};
    beforeEach(async () => {
      if (engine === 'PGlite') {
        db = servers.pglite;
        await db.query('drop schema public cascade; create schema public');
        return;
      }
      const url = servers.postgres.url(await servers.postgres.createDatabase());
      const opened = await openDb(loadConfig({ db: dbConfig }, { env: { STARLING_DATABASE_URL: url }, args: [] }).db);
      db = opened;
      close = () => opened.close();
    });
    afterEach(() => close());
    const bounds = async () => (await selectPartitions(db)).map(({ lowerMs, upperMs }) => [lowerMs, upperMs]);
    const partitions = (partitionMs: number) => new Partitions(db, { partitionMs, partitionsAhead: 2 });

    it('makes them ahead, once, beside those of another width', async () => {
      await migrateArchive(db);
      assert.deepEqual(await bounds(), []);
      const wide = partitions(10 * DAY_MS);
      await Promise.all([wide.makeAhead(25 * DAY_MS), wide.makeAhead(25 * DAY_MS)]);
      assert.deepEqual(
        await bounds(),
        [20, 30, 40].map((day) => [day * DAY_MS, (day + 10) * DAY_MS]),
      );
      await partitions(7 * DAY_MS).makeAhead(49 * DAY_MS);
      assert.deepEqual(
        (await bounds()).slice(3),
        [
          [50, 56],
          [56, 63],
          [63, 70],
        ].map(([lower = 0, upper = 0]) => [lower * DAY_MS, upper * DAY_MS]),
      );
    });

    it('makes one that an entry needs, and passes other refusals on', async () => {
      await migrateArchive(db);
      const some = partitions(DAY_MS);
      await some.makeAhead(100 * DAY_MS);
      for (const [position, day] of [100, 3, 5_000].entries())
        await some.having([{ committedAtMs: day * DAY_MS }], () => insert(db, position, day * DAY_MS));
      assert.deepEqual(await positions(db), [0, 1, 2]);
      const refused = some.having([{ committedAtMs: 1 }], () => insert(db, 9, 9_000 * DAY_MS));
      await assert.rejects(refused, (error: unknown) => error instanceof SqlError && error.code === '23514');
    });

    it('takes over what was written before there were any', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'starling-migrations-'));
      try {
        for (const file of readdirSync(MIGRATIONS).filter((name) => name < '0005'))
          copyFileSync(join(MIGRATIONS, file), join(folder, file));
        await migrate(db, 'archive', folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      for (let i = 0; i < 50; i++) await insert(db, i, DAY_MS + i);
      await migrateArchive(db);
      const some = partitions(DAY_MS);
      await some.makeAhead(DAY_MS + 20);
      assert.deepEqual((await bounds()).slice(0, 2), [
        [0, DAY_MS + 50],
        [DAY_MS + 50, 2 * DAY_MS],
      ]);
      await insert(db, 49, DAY_MS + 49); // a repetition
      await insert(db, 50, DAY_MS + 50);
      assert.deepEqual(
        await positions(db),
        Array.from({ length: 51 }, (_, i) => i),
      );
      const [index] = await db.query<{ n: number }>(
        "select count(*)::int as n from pg_index i where i.indrelid = 'archive_first'::regclass",
      );
      const [parent] = await db.query<{ n: number }>(
        "select count(*)::int as n from pg_index i where i.indrelid = 'archive'::regclass",
      );
      assert.deepEqual(index, parent);
    });
  });
}
