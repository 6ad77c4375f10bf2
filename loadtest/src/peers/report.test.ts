import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lossesOf, reportOf } from './report.ts';
import { chatOf, SAMPLE, totalOf, windowOf } from './testing/sample.ts';

const report = reportOf(SAMPLE);

test('the goals, and whether they are met', () => {
  assert.match(
    report,
    /^\| routed message, TCP: µs of CPU \| 93\.0 \[90\.0\.\.96\.0\] \| 200 \| 31\.0 \| 0\.33 \[0\.32\.\.0\.34\] \(ejabberd\) \| ≤ 1\/2 ✔ \| ≤ 1\/3 ✔ \|$/m,
  );
  assert.match(report, /^\| idle session, WebSocket: KiB \| 50\.0 \| – \| 10\.0 \| .* \| ≤ 10 KiB ✔ \| ≤ 5 KiB ✘ \|$/m);
});

test('each load of each server, and where ours spends it', () => {
  assert.match(report, /^\| Prosody \| 1000\/s ‡ \| 500 \| 500 \| 1\.00 \| 4\.00 \| 0\.20 \|$/m);
  assert.match(report, /^\| Routed messages, TCP, max: µs \| 20\.0 \| 11\.0 \| 0\.00 \| 0\.00 \|$/m);
  assert.match(report, /^\| 4000 idle sessions, WebSocket: KiB each \| 0\.00 \| 0\.00 \| 5\.00 \| 5\.00 \|$/m);
  assert.match(report, /^- ‡ Prosody, Routed messages, TCP, 1000\/s ‡: more than it can do here/m);
  assert.match(report, /^\| ejabberd \| 400 \| 24000 \| 100 \|$/m);
});

test('a generator that is nearly its whole core busy is told', () => {
  const busy = { ...windowOf('max', { edge: 1 }), generatorUs: 8_500_000, machineUs: 8_500_001 };
  const measurements = [chatOf('starling', 0, [busy, totalOf('max', 1)])];
  const told = reportOf({ ...SAMPLE, measurements });
  assert.match(told, /\| 0\.85 † \|$/m);
  assert.match(told, /^- † Starling, .* the generator took 0\.85 of its core: it is the bottleneck/m);
});

test('archived rows, and what is missing', () => {
  const archive = { rows: 200, lagSeconds: 1.26 };
  const measurement = { ...chatOf('ejabberd', 0, [windowOf('max', { a: 1 }), totalOf('max', 100)]), archive };
  const told = reportOf({ ...SAMPLE, measurements: [measurement], missing: ['Prosody was not measured: because'] });
  assert.match(
    told,
    /^- ejabberd: 100 messages, 200 rows; the last row came at most 1\.3 s behind the last delivery\.$/m,
  );
  assert.match(told, /^- Prosody was not measured: because$/m);
});

test('where another one is better', () => {
  assert.deepEqual(lossesOf(SAMPLE), ['Routed messages, TCP, 1000/s, µs of CPU for each: ejabberd 100; ours 120.']);
});
