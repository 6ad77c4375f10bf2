import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Health, silentLogger } from '@starling/runtime';
import type { Db } from './db.ts';
import { DbUnavailableError } from './db.ts';
import { Schema } from './schema.ts';

const POLL_MS = 1;
/** Nobody asks it anything: what is asked is up to `state`. */
const db = {} as Db;

/** A service whose tables somebody else makes, with what it has logged. */
function world(migrations: 'start' | 'wait') {
  const health = new Health();
  const lines: string[] = [];
  const keep = ({ what }: { readonly what: string }) => void lines.push(what);
  let [looks, runs] = [0, 0];
  const found = { pending: ['0001_a.sql'] as readonly string[], isAway: false };
  const schema = new Schema({
    config: { migrations, pollMs: POLL_MS },
    migrate: async () => ++runs,
    state: async () => {
      looks++;
      if (found.isAway) throw new DbUnavailableError('gone');
      return { last: '', pending: found.pending, later: [] };
    },
    health,
    log: { ...silentLogger, info: keep, warn: keep },
  });
  return { schema, health, lines, found, looks: () => looks, runs: () => runs };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
}

test('a service that makes its tables makes them before their first use', async () => {
  const { schema, health, looks, runs } = world('start');
  await schema.wait(db);
  assert.equal(runs(), 0);
  await schema.prepare(db);
  assert.deepEqual([runs(), looks()], [1, 0]);
  assert.ok(health.readiness().ready);
});

test('one that does not is not ready until they are there, and says so once', async () => {
  const { schema, health, lines, found, looks, runs } = world('wait');
  const waiting = schema.wait(db);
  await until(() => looks() > 2);
  assert.deepEqual(health.readiness(), {
    ready: false,
    reasons: ['schema: 0001_a.sql not run yet: starling migrate does it'],
  });
  found.isAway = true;
  const before = looks();
  await until(() => looks() > before + 2);
  found.isAway = false;
  found.pending = [];
  await waiting;
  assert.ok(health.readiness().ready);
  assert.deepEqual(lines, ['schema_behind', 'schema_made']);
  assert.equal(runs(), 0);
});

test('one whose database is away starts without, and uses no tables that are behind when it is back', async () => {
  const { schema, health, found } = world('wait');
  found.isAway = true;
  await schema.wait(db);
  assert.ok(health.readiness().ready);
  found.isAway = false;
  await assert.rejects(schema.prepare(db), DbUnavailableError);
  assert.ok(!health.readiness().ready);
  found.pending = [];
  await schema.prepare(db);
  assert.ok(health.readiness().ready);
});
