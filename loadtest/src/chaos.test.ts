import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChaos, scenarioOf } from './chaos.ts';

const TIMEOUT_MS = 180_000;
const CLIENTS = 40;

test('an edge, then the leader of a stream dies while people talk: every session goes on, every promise is kept', {
  timeout: TIMEOUT_MS,
}, async () => {
  const runs = ['kill-edge', 'kill-leader'].map((name) => ({ scenario: scenarioOf(name), seed: 1 }));
  const quiet = () => undefined;
  const results = await runChaos({ runs, clients: CLIENTS, seconds: 10 }, quiet, quiet);
  assert.deepEqual(
    results.map(({ trouble, reasons }) => (trouble.length === 0 ? [] : [...trouble, ...reasons])),
    [[], []],
  );
  const [edge] = results;
  assert.ok((edge?.figures.resumed ?? 0) > 0, 'nobody was on that edge');
  assert.equal(edge?.figures.anew, 0);
});
