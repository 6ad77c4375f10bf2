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

  it('plans a statement once for a connection when it comes again, up to a bound', async () => {
    const db = await openDb({ ...(await engine.config()), poolSize: 1, preparedMax: 2 });
    await db.query('create table planned (n int, body bytea)');
    const insert = 'insert into planned select * from unnest($1::int[], $2::bytea[])';
    for (let i = 0; i < 4; i++)
      await db.query(insert, [
        [i, i],
        [new Uint8Array([i, 0, 255]), null],
      ]);
    const find = 'select n, body from planned where n = $1 and body is not null';
    for (let i = 0; i < 4; i++)
      assert.deepEqual({ ...(await db.query(find, [i]))[0] }, { n: i, body: new Uint8Array([i, 0, 255]) });
    for (let i = 0; i < 4; i++) await db.query('select $1::text', ['a third one']);
    await db.query('alter table planned add column more int');
    assert.equal((await db.query(find, [1])).length, 1, 'what has changed meanwhile is no matter');
    const names = await db.query('select statement from pg_prepared_statements order by name');
    assert.deepEqual(
      names.map(({ statement }) => statement),
      [insert, find],
    );
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
