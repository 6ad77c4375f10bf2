import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MetricsRegistry } from '@starling/runtime';
import type { Db } from './db.ts';
import { openDb } from './open-db.ts';
import { postgresEngine, type TestEngine } from './testing/engines.ts';

const TIMEOUT_MS = 10_000;
const POLL_MS = 20;

let engine: TestEngine;
let db: Db;
const registry = new MetricsRegistry();
before(async () => {
  engine = await postgresEngine();
  db = await openDb(await engine.config(), { metrics: registry, watchServer: true });
});
after(async () => {
  await db.close();
  await engine.stop();
});

const metric = async (name: string): Promise<number> => {
  const [, value = 'nothing'] = new RegExp(`^${name} (\\S+)$`, 'm').exec(await registry.scrape()) ?? [];
  return Number(value);
};

test('PostgreSQL tells how it is: connections, size, transactions; and the pool shows its use', async () => {
  const deadline = performance.now() + TIMEOUT_MS;
  while ((await metric('starling_db_server_connections_limit')) === 0) {
    assert.ok(performance.now() < deadline, await registry.scrape());
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  assert.equal(await metric('starling_db_server_up'), 1);
  assert.ok((await metric('starling_db_server_connections')) >= 1);
  assert.ok((await metric('starling_db_server_size_bytes')) > 1_000_000);
  assert.ok((await metric('starling_db_server_transaction_id_age')) > 0);
  assert.match(await registry.scrape(), /^starling_db_server_transactions_total\{outcome="committed"\} \d+$/m);
  assert.ok((await metric('starling_queue_limit\\{queue="db_connections"\\}')) >= 1);
  assert.match(await registry.scrape(), /^starling_db_connections\{state="(busy|idle)"\} \d+$/m);
});
