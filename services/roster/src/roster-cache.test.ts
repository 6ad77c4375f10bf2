import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MetricsRegistry } from '@starling/runtime';
import { rosterMetrics } from './metrics.ts';
import { RosterCache } from './roster-cache.ts';
import type { StoredRoster } from './sql/select-rosters.ts';

const rosterOf = (number: number): StoredRoster => ({
  version: { lineage: 'x', number },
  ...{ pruned: 0, items: [], requests: 0 },
});

/** A cache of `rosters` rosters without items, whose loads end when told to. */
function makeCache({ rosters = 10, keepMs = 60_000 } = {}) {
  const loads: { user: string; end: (roster?: StoredRoster) => void; fail: () => void }[] = [];
  const load = (user: string) =>
    new Promise<StoredRoster | undefined>((resolve, reject) => {
      loads.push({ user, end: resolve, fail: () => reject(new Error('away')) });
    });
  const metrics = new MetricsRegistry().register(rosterMetrics);
  return { loads, cache: new RosterCache(load, { bytesMax: rosters * 400, keepMs, metrics }) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test('who asks while it is read gets the same; then it is there at once', async () => {
  const { cache, loads } = makeCache();
  const asked = [cache.get('a'), cache.get('a')];
  loads[0]?.end(rosterOf(1));
  assert.deepEqual(await Promise.all(asked), [rosterOf(1), rosterOf(1)]);
  assert.deepEqual(cache.get('a'), rosterOf(1));
  assert.equal(loads.length, 1);
});

test('a change while it is read: who asked before gets what was read, who asks behind it does not', async () => {
  const { cache, loads } = makeCache();
  const before = cache.get('a');
  cache.drop('a');
  const behind = cache.get('a');
  assert.equal(loads.length, 2);
  loads[1]?.end(rosterOf(2));
  assert.deepEqual(await behind, rosterOf(2));
  loads[0]?.end(rosterOf(1));
  assert.deepEqual(await before, rosterOf(1));
  await settle();
  assert.deepEqual(cache.get('a'), rosterOf(2), 'the late one is not kept');
});

test('no account and a failure are not kept', async () => {
  const { cache, loads } = makeCache();
  const asked = cache.get('a');
  loads[0]?.end(undefined);
  assert.equal(await asked, undefined);
  const failed = Promise.resolve(cache.get('a'));
  loads[1]?.fail();
  await assert.rejects(failed, /away/);
  void cache.get('a');
  assert.equal(loads.length, 3);
});

test('bounded in bytes: the one that was used longest ago goes', async () => {
  const { cache, loads } = makeCache({ rosters: 2 });
  const fill = async (user: string) => {
    const asked = cache.get(user);
    loads.at(-1)?.end(rosterOf(1));
    await asked;
  };
  for (const user of ['a', 'b']) await fill(user);
  assert.equal(cache.get('a') instanceof Promise, false);
  await fill('c');
  assert.equal(cache.get('a') instanceof Promise, false);
  assert.equal(cache.get('c') instanceof Promise, false);
  assert.equal(cache.get('b') instanceof Promise, true);
});

test('kept for so long, and no longer than the bus is sound', async () => {
  const { cache, loads } = makeCache({ keepMs: 0 });
  const asked = cache.get('a');
  loads[0]?.end(rosterOf(1));
  await asked;
  assert.equal(cache.get('a') instanceof Promise, true);
  cache.clear();
  void cache.get('a');
  assert.equal(loads.length, 3);
});
