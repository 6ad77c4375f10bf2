import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Secret } from '@starling/runtime';
import { type Db, DbUnavailableError } from './db.ts';
import { openDb } from './open-db.ts';
import { postgresEngine } from './testing/engines.ts';

describe('PostgreSQL away', () => {
  let engine: Awaited<ReturnType<typeof postgresEngine>>;
  before(async () => {
    engine = await postgresEngine();
  });
  after(() => engine.stop());

  it('is unavailable while the server is killed, and answers when it is back', async () => {
    const db = await openDb(await engine.config());
    await db.query('create table t (n int)');
    const interrupted = db.transaction(async (tx) => {
      await tx.query('insert into t values (1)');
      await engine.server.kill();
      await tx.query('insert into t values (2)');
    });
    await assert.rejects(interrupted, DbUnavailableError);
    await assert.rejects(db.query('select 1'), DbUnavailableError);
    await assert.rejects(db.ping?.(1_000) ?? assert.fail('no ping'), DbUnavailableError);
    await engine.server.startAgain();
    assert.deepEqual(await db.query('select * from t'), []);
    await db.ping?.(1_000);
    await db.close();
  });

  it('is unavailable after the statement timeout, and the connection serves on', async () => {
    const db = await openDb({ ...(await engine.config()), statementTimeoutMs: 200, poolSize: 1 });
    await assert.rejects(db.query('select pg_sleep(5)'), DbUnavailableError);
    assert.equal((await db.query('select 1 as one'))[0]?.one, 1);
    await db.close();
  });

  it('is unavailable when all connections are taken', async () => {
    const db: Db = await openDb({ ...(await engine.config()), connectTimeoutMs: 100, poolSize: 1 });
    await db.transaction(async () => {
      await assert.rejects(db.query('select 1'), DbUnavailableError);
    });
    await db.close();
  });

  it('is unavailable when a peer accepts and says nothing', async () => {
    const mute = createServer().listen(0, '127.0.0.1');
    await once(mute, 'listening');
    const { port } = mute.address() as AddressInfo;
    const config = await engine.config();
    const db = await openDb({
      ...config,
      url: new Secret(`postgresql://x@127.0.0.1:${port}/x`),
      connectTimeoutMs: 200,
    });
    await assert.rejects(db.query('select 1'), DbUnavailableError);
    await assert.rejects(db.ping?.(200) ?? assert.fail('no ping'), DbUnavailableError);
    await db.close();
    mute.close();
  });

  it('does not call a missing database or user unavailable', async () => {
    const config = await engine.config();
    const db = await openDb({ ...config, url: new Secret(engine.server.url('nowhere')) });
    await assert.rejects(db.query('select 1'), { name: 'SqlError', code: '3D000' });
    await db.close();
  });
});
