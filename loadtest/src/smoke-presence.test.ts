import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPresence } from './smoke-presence.ts';

const TIMEOUT_MS = 120_000;

test('presence nodes and an edge die: every view becomes the truth again', { timeout: TIMEOUT_MS }, async () => {
  const { result, trouble } = await runPresence(
    { sessions: 120, visitors: 6, contacts: 8, changesPerSecond: 20, seconds: 5, pauseSeconds: 5, seed: 1 },
    () => undefined,
  );
  assert.deepEqual(trouble, []);
  const [online] = result.steps;
  assert.equal(online?.comparison.compared, 120 * 9);
});
