import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from './k6/plan.ts';
import { playK6 } from './k6.ts';

// Whether k6 itself is installed, or its stand-in plays, is told in the output.
test('the chat mix, small: nothing lost, and the cluster has counted the same', async () => {
  const args = ['chat', '--users', '20', '--seconds', '10', '--ramp', '2', '--every', '2', '--edges', '2'];
  assert.deepEqual(await playK6(planOf(args)), []);
});
