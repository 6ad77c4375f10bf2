import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { Db } from './db.ts';
import { MigrationError, migrate } from './migrate.ts';
import { openDb } from './open-db.ts';
import { pgliteEngine, postgresEngine, type TestEngine } from './testing/engines.ts';

for (const makeEngine of [pgliteEngine, postgresEngine]) {
  describe(`migrate on ${makeEngine.name}`, () => {
    let engine: TestEngine;
    let db: Db;
    let folder: string;
    let count = 0;
    let namespace: string;
    before(async () => {
      engine = await makeEngine();
      db = await openDb(await engine.config());
    });
    after(async () => {
      await db.close();
      await engine.stop();
    });
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'starling-migrations-'));
      namespace = `test${++count}`;
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const write = (name: string, sql: string) => writeFileSync(join(folder, name), sql);

    it('runs each file once, in order', async () => {
      write('0002_row.sql', `insert into ${namespace} values (1)`);
      write('0001_table.sql', `-- A table.\ncreate table ${namespace} (n int);\ncreate index on ${namespace} (n);`);
      assert.deepEqual((await migrate(db, namespace, folder)).applied, ['0001_table.sql', '0002_row.sql']);
      write('0003_row.sql', `insert into ${namespace} values (2)`);
      assert.deepEqual((await migrate(db, namespace, folder)).applied, ['0003_row.sql']);
      assert.equal((await db.query(`select * from ${namespace}`)).length, 2);
    });

    it('applies all of the new files or none', async () => {
      write('0001_table.sql', `create table ${namespace} (n int)`);
      write('0002_wrong.sql', 'select * from nowhere');
      await assert.rejects(migrate(db, namespace, folder), { name: 'SqlError' });
      write('0002_wrong.sql', 'select 1');
      assert.equal((await migrate(db, namespace, folder)).applied.length, 2);
    });

    it('lets processes race', async () => {
      write('0001_table.sql', `create table ${namespace} (n int); insert into ${namespace} values (1)`);
      const runs = await Promise.all([1, 2, 3].map(() => migrate(db, namespace, folder)));
      assert.equal(runs.flatMap((run) => run.applied).length, 1);
      assert.equal((await db.query(`select * from ${namespace}`)).length, 1);
    });

    it('takes as long as it takes, whatever other statements may', async () => {
      const hurried = await openDb({ ...(await engine.config()), statementTimeoutMs: 100 });
      // Longer than the driver waits beyond that.
      write('0001_slow.sql', 'select pg_sleep(3)');
      assert.equal((await migrate(hurried, namespace, folder)).applied.length, 1);
      await hurried.close();
    });

    it('refuses a changed file and one that comes too late, but not what a later release has run', async () => {
      write('0001_a.sql', 'select 1');
      write('0003_c.sql', 'select 3');
      await migrate(db, namespace, folder);
      rmSync(join(folder, '0003_c.sql'));
      assert.deepEqual((await migrate(db, namespace, folder)).applied, []);
      write('0002_b.sql', 'select 2');
      await assert.rejects(migrate(db, namespace, folder), MigrationError);
      rmSync(join(folder, '0002_b.sql'));
      write('0001_a.sql', 'select 2');
      await assert.rejects(migrate(db, namespace, folder), MigrationError);
    });
  });
}
