import assert from 'node:assert/strict';
import { test } from 'node:test';
import { archiveFiguresOf, archiveReportOf } from './archive-figures.ts';

const window = (rateTarget: string | number, rate: number, server: number, postgres: number) => ({
  rateTarget,
  rate,
  server_us_per_delivery: server,
  postgres_us_per_delivery: postgres,
  p50_ms: 1,
  p99_ms: 2,
});
const totals = { total: true, rateTarget: 'max', totalSent: 10, totalDelivered: 10 };
const peer = {
  name: 'other',
  version: '1',
  parts: ['server', 'postgres'],
  lines: [window('max', 3_000, 300, 240), window('max', 3_100, 290, 210), window('max', 2_900, 310, 230), totals],
  rows: 20,
  lagSeconds: 0,
};

test('medians of all parts together', () => {
  const [load] = archiveFiguresOf(peer).loads;
  assert.deepEqual([load?.target, load?.perSecond, load?.us], ['max', 3_000, 540]);
  assert.deepEqual(load?.partsUs, { server: 300, postgres: 230 });
});

test('a row too many or too few is no figure', () => {
  assert.throws(() => archiveFiguresOf({ ...peer, rows: 19 }), /19 rows of 10 messages/);
  assert.throws(() => archiveFiguresOf({ ...peer, lines: [totals] }), /nothing was measured/);
});

test('a load that a server does not keep up with is told as such', () => {
  const slow = [window(1_000, 300, 900, 800), { ...totals, rateTarget: 1_000, totalDelivered: 9 }];
  const figures = archiveFiguresOf({ ...peer, lines: [...peer.lines, ...slow], rows: 39 });
  assert.deepEqual([figures.loads.map(({ target }) => target), figures.tooMuch], [['max'], ['1000']]);
  assert.match(archiveReportOf('# Head', [figures]), /1000 messages\/s were more than it can do here/);
});

test('the report tells what the others cost in multiples of ours', () => {
  const ours = { ...peer, name: 'Starling', lines: [window('max', 9_000, 100, 80), totals] };
  const report = archiveReportOf('# Head', [peer, ours].map(archiveFiguresOf));
  assert.match(report, /^\| other 1 \| max \| 3000 \| 540 \| 3\.0 \| server 300, postgres 230 \| 1\.0 \| 2\.0 \|$/m);
  assert.match(report, /^\| Starling 1 \| max \| 9000 \| 180 \| {2}\| server 100, postgres 80 /m);
});
