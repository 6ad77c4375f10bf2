import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BenchResult, comparisonOf, isComparable, ratioOf, totalOf } from './results.ts';

test('on a machine that is half as fast, twice the time is no change', () => {
  const close = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`);
  close(ratioOf(200, 100, 2_000, 1_000), 1);
  close(ratioOf(150, 100, 1_000, 1_000), 1.5);
});

test('the generator is no part of the system', () => {
  const result = { load: 'archived', delivered: 1, perSecond: 1, generatorShare: 0, othersShare: 0 } as const;
  assert.equal(totalOf({ ...result, cpuPerMessage: { edge: 2, nats: 3, generator: 100 } }), 5);
});

const load = { delivered: 1, perSecond: 1, generatorShare: 0, othersShare: 0 };
const then: BenchResult = {
  at: '2026-01-01T00:00:00.000Z',
  commit: 'abc',
  machine: { cpu: 'a', cores: 2, node: 'v20', nats: '2', postgres: '15' },
  options: { pairs: 50 },
  calibrationUs: 1_000,
  results: [{ ...load, load: 'archived', cpuPerMessage: { edge: 20, roster: 0.2, generator: 30 } }],
  doubts: [],
};

test('then, now, and the ratio of both in units of the calibration loop', () => {
  const results = [
    { ...load, load: 'archived', cpuPerMessage: { edge: 30, roster: 9, nats: 4, generator: 90 } },
    { ...load, load: 'no-store', cpuPerMessage: { edge: 30 } },
  ];
  assert.deepEqual(comparisonOf({ ...then, calibrationUs: 2_000, results }, then), [
    { load: 'archived', part: 'all', before: 20.2, now: 43, ratio: 1.06 },
    { load: 'archived', part: 'edge', before: 20, now: 30, ratio: 0.75 },
  ]);
});

test('another machine, or other options, are not compared with', () => {
  assert.ok(isComparable(then, { ...then, machine: { ...then.machine, node: 'v22' } }));
  assert.ok(!isComparable(then, { ...then, machine: { ...then.machine, cores: 4 } }));
  assert.ok(!isComparable(then, { ...then, options: { pairs: 20 } }));
});
