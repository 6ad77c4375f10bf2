import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, SESSIONS_PER_PROCESS, shareAt } from './plan.ts';

test('as many edges as descriptors need, and each account once', () => {
  for (const [sessions, edges] of [
    [100, 1],
    [20_000, 2],
    [100_000, 6],
    [250_000, 14],
  ] as const) {
    const { shares } = planOf(sessions);
    assert.equal(shares.length, edges);
    let next = 0;
    for (const share of shares) {
      assert.equal(share.firstUser, next);
      assert.ok(share.sessions > 0 && share.sessions <= SESSIONS_PER_PROCESS);
      next += share.sessions;
    }
    assert.equal(next, sessions);
    assert.equal(new Set(shares.map(({ localAddress }) => localAddress)).size, edges);
  }
});

test('each step is twice the one before, and is spread evenly', () => {
  assert.deepEqual(planOf(500).steps, [500]);
  assert.deepEqual(planOf(20_000).steps, [10_000, 20_000]);
  assert.deepEqual(planOf(100_000).steps, [12_500, 25_000, 50_000, 100_000]);
  const plan = planOf(20_000);
  assert.deepEqual(
    plan.shares.map((share) => [shareAt(share, 10_000, plan), shareAt(share, 20_000, plan)]),
    [
      [5_000, 10_000],
      [5_000, 10_000],
    ],
  );
});
