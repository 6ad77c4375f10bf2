// A process that commits for as long as it lives and reports each commit; its parent kills it.
import { Secret } from '@starling/runtime';
import { openDb } from '../open-db.ts';

const limits = { poolSize: 1, connectTimeoutMs: 1000, statementTimeoutMs: 1000, preparedMax: 100 };
const db = await openDb({ ...limits, url: new Secret(''), dataDir: process.argv[2] ?? '' });
await db.query('create table if not exists written (n bigint primary key)');
const [row] = await db.query<{ next: bigint }>('select coalesce(max(n) + 1, 0) as next from written');
for (let n = row?.next ?? 0n; ; n++) {
  await db.transaction((tx) => tx.query('insert into written values ($1)', [n]));
  process.send?.(String(n));
}
