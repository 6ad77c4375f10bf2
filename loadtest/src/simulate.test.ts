import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCENARIOS } from './simulate/result.ts';
import { runInChild } from './simulate.ts';

const TIMEOUT_MS = 60_000;
const SMALL = {
  ...{ sessions: 240, contacts: 10, edges: 4, wholeEdges: 4, owners: 3, share: 1, rate: 240, fill: 2, seconds: 0.2 },
  ...{ scenarios: SCENARIOS, seed: 1, minutesMax: 1, heapGigabytes: 1 },
};
const silent = () => undefined;

test('a few hundred people log in, change, talk and lose an edge and an owner: views are the truth', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { failures, views, phases } = await runInChild(SMALL, silent);
  assert.deepEqual(failures, []);
  // Those of the edge that died are gone.
  assert.deepEqual(views, { compared: 180, wrong: 0, first: '' });
  const written = Object.fromEntries(phases.map(({ name, written: { stanzas } }) => [name, stanzas]));
  assert.equal(written['nothing happens'], 0);
  // Each to ten contacts, and to himself.
  assert.equal(written['changes of presence'], 48 * 11);
  assert.equal(written['an owner dies'], 0);
});

test('of a part of the partitions it counts the same again', { timeout: TIMEOUT_MS }, async () => {
  const part = { ...SMALL, sessions: 600, wholeEdges: 1, share: 0.3, scenarios: ['changes', 'edge-death'] as const };
  const [first, second] = [await runInChild(part, silent), await runInChild(part, silent)];
  assert.deepEqual(first.failures, []);
  assert.equal(first.views.wrong, 0, first.views.first);
  const countsOf = ({ phases }: typeof first) =>
    phases.map(({ name, traffic, written }) => ({ name, traffic, written }));
  assert.deepEqual(countsOf(first), countsOf(second));
});
