import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MetricsRegistry } from '@starling/runtime';
import { type Db, DbUnavailableError, SqlError } from './db.ts';
import { openDb } from './open-db.ts';
import { SqlArray } from './sql-array.ts';
import { pgliteEngine, postgresEngine, type TestEngine } from './testing/engines.ts';

for (const makeEngine of [pgliteEngine, postgresEngine]) {
  describe(`Db on ${makeEngine.name}`, () => {
    let engine: TestEngine;
    let db: Db;
    before(async () => {
      engine = await makeEngine();
      db = await openDb(await engine.config());
      await db.query('create table thing (id bigint primary key, body bytea)');
    });
    after(async () => {
      await db.close();
      await engine.stop();
    });

    it('gives the same types on both engines', async () => {
      const [row] = await db.query(
        `select 9007199254740993::bigint as big, '\\x00ff5c22'::bytea as bytes, array[1, null, 3]::bigint[] as bigs,
          array['\\x01'::bytea, null] as many, 'x'::text as text, 5 as int, true as flag, null as nothing,
          array['a"b', null, 'NULL'] as texts`,
      );
      assert.deepEqual(
        { ...row },
        {
          big: 9007199254740993n,
          bytes: new Uint8Array([0, 255, 0x5c, 0x22]),
          bigs: [1n, null, 3n],
          many: [new Uint8Array([1]), null],
          text: 'x',
          int: 5,
          flag: true,
          nothing: null,
          texts: ['a"b', null, 'NULL'],
        },
      );
    });

    it('takes arrays of every type that is written', async () => {
      const params = [
        [1n, 2n ** 62n],
        [new Uint8Array([0, 92, 34]), Buffer.from('{}')],
        ['a"b\\,{}', '', 'NULL'],
        [1, 2],
      ];
      const [row] = await db.query(
        'select $1::bigint[] as a, $2::bytea[] as b, $3::text[] as c, $4::int[] as d',
        params,
      );
      assert.deepEqual(
        { ...row },
        { a: params[0], b: [params[1]?.[0], new Uint8Array([123, 125])], c: params[2], d: params[3] },
      );
    });

    it('takes arrays that say of what they are', async () => {
      const sql = 'select $1::text[] as a, $2::bigint[] as b, $3::int[] as c, $4::bytea[] as d, $5::text[] as e';
      const bytes = new Uint8Array([0, 92, 34, 255]);
      const [row] = await db.query(sql, [
        SqlArray.of('text', ['a"b\\,{}', '', 'NULL', '张三']),
        SqlArray.of('int8', [2n ** 62n, -1n, 1_800_000_000_000]),
        SqlArray.of('int4', [2 ** 31 - 1, -(2 ** 31)]),
        SqlArray.of('bytea', [bytes, new Uint8Array(0), Buffer.from('{}')]),
        SqlArray.of('text', []),
      ]);
      assert.deepEqual(
        { ...row },
        {
          a: ['a"b\\,{}', '', 'NULL', '张三'],
          b: [2n ** 62n, -1n, 1_800_000_000_000n],
          c: [2 ** 31 - 1, -(2 ** 31)],
          d: [bytes, new Uint8Array(0), new Uint8Array([123, 125])],
          e: [],
        },
      );
    });

    it('commits what resolves and rolls back what rejects', async () => {
      await db.transaction((tx) => tx.query('insert into thing values ($1, $2)', [1n, new Uint8Array([1])]));
      const failure = new Error('changed my mind');
      const failing = db.transaction(async (tx) => {
        await tx.query('insert into thing values (2)');
        throw failure;
      });
      await assert.rejects(failing, failure);
      assert.deepEqual(
        [...(await db.query('select id from thing order by id'))].map((r) => r.id),
        [1n],
      );
    });

    it('refuses the commit of a transaction whose error was swallowed', async () => {
      const swallowing = db.transaction(async (tx) => {
        await tx.query('insert into thing values (1)').catch(() => {});
      });
      await assert.rejects(swallowing, (error) => error instanceof SqlError || error instanceof DbUnavailableError);
    });

    it('keeps transactions apart', async () => {
      await db.query('create table counter (n int); insert into counter values (0)');
      const raise = () =>
        db.transaction(async (tx) => {
          const [row] = await tx.query<{ n: number }>('select n from counter for update');
          await tx.query('update counter set n = $1', [(row?.n ?? 0) + 1]);
        });
      await Promise.all([...Array(20)].flatMap(() => [raise(), db.query('select 1')]));
      assert.deepEqual((await db.query('select n from counter'))[0]?.n, 20);
    });

    it('names what the server refused', async () => {
      await assert.rejects(db.query('select * from nowhere'), { name: 'SqlError', code: '42P01' });
      await assert.rejects(db.query('insert into thing values ($1)', [1n]), { name: 'SqlError', code: '23505' });
    });

    it('runs several statements when there are no parameters', async () => {
      const rows = await db.query('create temporary table a (n int); insert into a values (4); select n from a');
      assert.equal(rows[0]?.n, 4);
    });

    it('counts', async () => {
      const metrics = new MetricsRegistry();
      const counted = await openDb(await engine.config(), { metrics });
      await counted.query('select 1');
      await assert.rejects(counted.transaction((tx) => tx.query('select 1/0')));
      await counted.close();
      const text = await metrics.scrape();
      assert.match(text, /starling_db_query_seconds_count\{outcome="ok"\} 1/);
      assert.match(text, /starling_db_transaction_seconds_count\{outcome="refused"\} 1/);
    });

    it('says that it is unavailable once it is closed', async () => {
      const closed = await openDb(await engine.config());
      await closed.close();
      await assert.rejects(closed.query('select 1'), DbUnavailableError);
      await assert.rejects(
        closed.transaction((tx) => tx.query('select 1')),
        DbUnavailableError,
      );
    });
  });
}
