import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OthersShare, othersDoubt } from './others-share.ts';

test('a share of the machine, and what it means', async () => {
  const others = new OthersShare();
  await sleep(50);
  const share = others.read();
  // Ticks are coarse: a little more than all of it may come out.
  assert.ok(share >= 0 && share <= 1.5, `${share}`);
  assert.equal(othersDoubt(0.05), '');
  assert.equal(othersDoubt(0.61), 'other processes took 61 % of the machine');
});
