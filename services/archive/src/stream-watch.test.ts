import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogUnavailableError, type StreamInfo } from '@starling/bus';
import { MetricsRegistry } from '@starling/runtime';
import { archiveMetrics } from './metrics.ts';
import { StreamWatch } from './stream-watch.ts';
import { Tail } from './tail.ts';

const STORAGE = { bytes: 700, bytesMax: 1_000, replicas: 3, replicasCurrent: 2 };
const INFO: StreamInfo = { stream: 4, createdAtMs: 1, first: 11, last: 30, storage: STORAGE };

async function watched(
  info: () => Promise<StreamInfo>,
): Promise<{ watch: StreamWatch; lines: () => Promise<string[]> }> {
  const registry = new MetricsRegistry();
  const tail = new Tail({ bytesMax: 1_000, placesMax: 10 }, 20);
  const data = new Uint8Array(3);
  const entry = { stream: 4, id: 'x', data, size: 3, envelope: undefined };
  for (const sequence of [21, 22]) tail.push({ ...entry, sequence, committedAtMs: Date.now() - 90_000 });
  const metrics = registry.register(archiveMetrics);
  const watch = new StreamWatch({ stream: 4, log: { info }, metrics, tail: () => tail, isDatabaseAway: () => true });
  await new Promise(setImmediate);
  return { watch, lines: async () => (await registry.scrape()).split('\n') };
}

test('the log of a stream and how far its archive is behind are shown', async () => {
  const { watch, lines } = await watched(async () => INFO);
  const shown = await lines();
  for (const line of [
    'starling_archive_behind_entries{stream="4"} 2',
    'starling_log_unread_entries{stream="4"} 8',
    'starling_log_stream_bytes{stream="4"} 700',
    'starling_log_stream_limit_bytes{stream="4"} 1000',
    'starling_log_stream_entries{stream="4"} 20',
    'starling_log_stream_replicas{stream="4",state="wanted"} 3',
    'starling_log_stream_replicas{stream="4",state="current"} 2',
    'starling_log_stream_silent{stream="4"} 0',
    'starling_archive_database_away 1',
  ]) {
    assert.ok(shown.includes(line), `${line}\n--\n${shown.join('\n')}`);
  }
  const [, seconds = '0'] = /^starling_archive_behind_seconds\{stream="4"\} (\S+)$/m.exec(shown.join('\n')) ?? [];
  assert.ok(Number(seconds) >= 90 && Number(seconds) < 100, seconds);
  watch.stop();
  assert.ok((await lines()).includes('starling_archive_behind_seconds{stream="4"} 0'), 'another one tells now');
});

test('a stream that does not answer is told as such', async () => {
  const { watch, lines } = await watched(async () => {
    throw new LogUnavailableError('no leader');
  });
  assert.ok((await lines()).includes('starling_log_stream_silent{stream="4"} 1'));
  watch.stop();
});
