import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, totalOf } from './results.ts';

test('on a machine that is half as fast, twice the time is no change', () => {
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`);
  close(changeOf(200, 100, 2_000, 1_000), 0);
  close(changeOf(150, 100, 1_000, 1_000), 0.5);
});

test('the generator is no part of the system', () => {
  const result = { load: 'archived', delivered: 1, perSecond: 1, generatorShare: 0, othersShare: 0 } as const;
  assert.equal(totalOf({ ...result, cpuPerMessage: { edge: 2, nats: 3, generator: 100 } }), 5);
});
