import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsLines } from '../performance/parts-lines.ts';
import { type PartsResult, partRows } from './parts-result.ts';

const result: PartsResult = {
  at: '2026-01-02T00:00:00.000Z',
  commit: 'abc1234',
  machine: { cpu: 'a', cores: 2, node: 'v20' },
  options: { rounds: 3, roundMs: 200 },
  calibrationUs: 1_000,
  othersShare: 0.3,
  parts: [
    { part: 'scan', roundsUs: [1.5, 1, 2], allocatedBytes: 1_234 },
    { part: 'append', roundsUs: [30], beside: { process: 'nats-server 2', roundsUs: [11] } },
  ],
};

test('medians and spreads; what works beside has a row of its own', () => {
  assert.deepEqual(partRows(result), [
    { part: 'scan', us: { median: 1.5, min: 1, max: 2, all: [1.5, 1, 2] }, allocatedBytes: 1_234, ratio: undefined },
    { part: 'append', us: { median: 30, min: 30, max: 30, all: [30] }, allocatedBytes: undefined, ratio: undefined },
    {
      part: 'append: nats-server 2',
      us: { median: 11, min: 11, max: 11, all: [11] },
      allocatedBytes: undefined,
      ratio: undefined,
    },
  ]);
});

test('then and now, in units of the calibration loop', () => {
  const then = { ...result, calibrationUs: 2_000, parts: [{ part: 'scan', roundsUs: [1.5] }] };
  assert.deepEqual(
    partRows(result, then).map(({ ratio }) => ratio),
    [2, undefined, undefined],
  );
});

test('on the page', () => {
  assert.deepEqual(partsLines(undefined), []);
  const page = partsLines({ file: 'x-parts.json', result }).join('\n');
  assert.match(page, /Doubtful: other processes took 30 % of the machine\./);
  assert.match(page, /^\| scan \| 1\.50 \[1\.00\.\.2\.00\] \| 1234 \|$/m);
  assert.match(page, /^\| append: nats-server 2 \| 11\.0 \| {2}\|$/m);
});
