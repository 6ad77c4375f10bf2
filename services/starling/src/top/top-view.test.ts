import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReceivedReport } from '@starling/bus';
import { renderTop, shortDuration } from './render-top.ts';
import { topSvg } from './top-svg.ts';
import { topView } from './top-view.ts';

const START_MS = 1_000_000;
function report(id: string, service: string, atMs: number, lines: readonly string[], ready = true): ReceivedReport {
  const shared = { id, service, pid: 1, startedAtMs: START_MS, ready };
  return { ...shared, sentAtMs: atMs, receivedAtMs: atMs, metrics: lines.join('\n') };
}
const edge = (atMs: number, cpu: number, messages: number, appends: readonly [number, number]) =>
  report('edge-1', 'edge', atMs, [
    `starling_process_cpu_seconds_total ${cpu}`,
    'starling_process_resident_memory_bytes 104857600',
    'starling_build_info{service="edge",version="0.2.0",node="v22"} 1',
    'starling_edge_sessions 40',
    'starling_edge_sm_detached 2',
    `starling_edge_messages_total{fate="archived"} ${messages}`,
    'starling_edge_messages_total{fate="live"} 0',
    `starling_log_append_seconds_bucket{le="0.01"} ${appends[0]}`,
    `starling_log_append_seconds_bucket{le="0.02"} ${appends[1]}`,
    `starling_log_append_seconds_bucket{le="+Inf"} ${appends[1]}`,
  ]);
const archive = (atMs: number, written: number) =>
  report('archive-1', 'archive', atMs, [
    'starling_archive_streams 8',
    `starling_archive_entries_total{outcome="written"} ${written}`,
    'starling_archive_entries_total{outcome="skipped"} 999',
  ]);
const [FIRST, SECOND] = [START_MS + 10_000, START_MS + 12_000];
const before = [archive(FIRST, 100), edge(FIRST, 1, 50, [10, 10])];
const now = [archive(SECOND, 160), edge(SECOND, 1.5, 80, [10, 110])];

test('rates are over the time between two looks; edges come first', () => {
  const { rows, totals, seconds } = topView(before, now, SECOND);
  assert.equal(seconds, 2);
  const [one, two] = rows;
  assert.equal(one?.id, 'edge-1');
  assert.deepEqual([one?.cpu, one?.messagesPerSecond, one?.sessions, one?.detached], [0.25, 15, 40, 2]);
  assert.ok(Math.abs((one?.logLagSeconds ?? 0) - 0.0199) < 1e-9);
  assert.deepEqual(
    [two?.id, two?.messagesPerSecond, two?.sessions, two?.logLagSeconds],
    ['archive-1', 30, undefined, undefined],
  );
  assert.deepEqual([totals.messagesPerSecond, totals.archivedPerSecond, totals.sessions], [15, 30, 40]);
});

test('a process that is new has no rates, but its CPU since its start', () => {
  const [one] = topView([], [edge(FIRST, 1, 50, [10, 10])], FIRST).rows;
  assert.deepEqual([one?.cpu, one?.messagesPerSecond, one?.logLagSeconds], [0.1, undefined, undefined]);
});

test('the table, and the picture of it', () => {
  const late = [...now, { ...archive(SECOND, 0), id: 'archive-2', ready: false }];
  const view = topView(before, late, SECOND);
  const text = renderTop(view);
  assert.match(text, /3 processes, 1 NOT READY; 0\.25 cores/);
  assert.match(text, /^edge-1 +edge +0\.2\.0 +ready +12 s +25 % +100MiB +– +40 +2 +15 +20 ms +– +–$/m);
  assert.match(text, /^archive-2 +archive +– +NOT READY/m);
  assert.match(topSvg(view), /<text [^>]*fill="#ff7b72"[^>]*>archive-2/);
  assert.ok(topSvg({ ...view, rows: [] }).startsWith('<svg '));
});

test('durations are short', () => {
  assert.deepEqual([0.32, 45.4, 125, 7_300, 200_000].map(shortDuration), ['0.3 s', '45 s', '2 min', '2 h', '2 d']);
});
