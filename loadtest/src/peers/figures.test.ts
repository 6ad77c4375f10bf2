import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from './figures.ts';
import { reportOf } from './report.ts';

const presence = (rateTarget: string, edge: number, nats: number) => ({
  mode: 'presence',
  rateTarget,
  rate: 1_000,
  edge_us_per_delivery: edge,
  nats_us_per_delivery: nats,
  gen_us_per_delivery: 10,
  host_util: 1.5,
  edge_util: 0.8,
  nats_util: 0.2,
  gen_util: 0.3,
  p50_ms: 1.2,
  p99_ms: 3.4,
});
const login = (edge: number) => ({
  rate: 300,
  edge_cpu_ms_per_login: edge,
  nats_cpu_ms_per_login: 0.5,
  host_util: 1.2,
  edge_util: 0.7,
  nats_util: 0.1,
  gen_util: 0.4,
});
const figures = figuresOf({
  name: 'Starling',
  version: 'abc',
  parts: ['edge', 'nats'],
  presence: [
    presence('max', 20, 5),
    presence('max', 30, 5),
    presence('max', 10, 5),
    { total: true, totalSent: 3 },
    presence('50', 40, 10),
  ],
  login: [login(2), login(3), login(4)],
});

test('medians of all parts together', () => {
  assert.deepEqual([figures.presenceMaxUs, figures.presencePacedUs, figures.loginMs], [25, 50, 3.5]);
  assert.deepEqual(figures.parts, { edge: [20, 40, 3], nats: [5, 10, 0.5] });
  assert.ok(Math.abs(figures.foreignCores - 0.2) < 1e-9);
});

test('what was not measured is no figure', () => {
  assert.throws(
    () => figuresOf({ name: 'x', version: '1', parts: ['edge'], presence: [], login: [login(1)] }),
    /nothing/,
  );
  assert.throws(
    () => figuresOf({ name: 'x', version: '1', parts: ['server'], presence: [presence('max', 1, 1)], login: [] }),
    /no server_us_per_delivery/,
  );
});

test('the report tells our cost in multiples of the others', () => {
  const head = {
    commit: 'abc',
    day: '2026-01-01',
    machine: '2 cores',
    users: 204,
    contacts: 50,
    perSecond: 50,
    rounds: 1,
    serverCores: '0',
    generatorCores: '1',
  };
  const other = { ...figures, name: 'other', version: '1.0', presenceMaxUs: 50, parts: { server: [1, 2, 3] as const } };
  const report = reportOf(head, [other, figures]);
  assert.match(report, /^\| presence at max: µs of CPU for each delivery \| 50\.0 \| 25\.0 \(×0\.50\) \|$/m);
  assert.match(report, /^\| nats \| 5\.0 \| 10\.0 \| 0\.50 \|$/m);
  assert.match(report, /^Doubtful: other processes took up to 0\.20 of a core beside Starling\.$/m);
});
