import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DbLockedError } from './folder-lock.ts';
import { openDb } from './open-db.ts';
import { startOf } from './process-start.ts';
import { pgliteEngine, type TestEngine } from './testing/engines.ts';

const writer = new URL('./testing/pglite-writer.js', import.meta.url);

describe('PGlite on disk', () => {
  let engine: TestEngine;
  before(() => {
    engine = pgliteEngine();
  });
  after(() => engine.stop());

  it('has what was committed when its process is killed in the middle, and the lock of the dead one is taken over', async () => {
    const config = await engine.config();
    for (let round = 0; round < 2; round++) {
      const child = fork(writer, [config.dataDir], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      let committed = 0n;
      child.on('message', (n: string) => {
        committed = BigInt(n);
        if (committed % 100n === 99n) child.kill('SIGKILL');
      });
      await once(child, 'exit');
      assert.equal(child.signalCode, 'SIGKILL');
      const db = await openDb(config);
      const [row] = await db.query<{ last: bigint; count: bigint }>(
        'select max(n) as last, count(*) as count from written',
      );
      assert.ok(row && row.last >= committed, `${row?.last} written, ${committed} were acknowledged`);
      assert.equal(row.count, row.last + 1n);
      await db.close();
    }
  });

  it('starts anew when it was killed while it made the database', async () => {
    const config = await engine.config();
    const folder = join(config.dataDir, 'pglite');
    rmSync(folder, { recursive: true });
    const child = fork(writer, [config.dataDir], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    while (!existsSync(join(folder, 'PG_VERSION'))) await new Promise((resolve) => setTimeout(resolve, 1));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const db = await openDb(config);
    assert.equal((await db.query('select 1 as one'))[0]?.one, 1);
    await db.close();
    assert.ok(!existsSync(`${folder}.making`));
  });

  it('refuses a folder that another database has open, and names the process', async () => {
    const config = await engine.config();
    const db = await openDb(config);
    await assert.rejects(openDb(config), (error) => error instanceof DbLockedError && error.pid === process.pid);
    await db.close();
    await (await openDb(config)).close();
  });

  it('takes over a lock whose number was given to another process, or that holds nothing', async () => {
    const config = await engine.config();
    await (await openDb(config)).close();
    const path = join(config.dataDir, 'pglite.lock');
    for (const stale of [
      JSON.stringify({ pid: process.pid, start: 'long ago' }),
      JSON.stringify({ pid: 2 ** 22 + 1, start: '' }),
      '{',
    ]) {
      writeFileSync(path, stale);
      await (await openDb(config)).close();
      assert.ok(!existsSync(path));
    }
  });

  it('tells processes with the same number apart', () => {
    assert.notEqual(startOf(process.pid), '');
    assert.notEqual(startOf(process.pid), startOf(process.ppid));
    assert.equal(startOf(process.pid), startOf(process.pid));
  });
});
