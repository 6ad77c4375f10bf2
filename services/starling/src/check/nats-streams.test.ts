import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NatsFacts, StreamFacts } from '@starling/bus';
import { judgeNatsStreams, judgeStreams } from './nats-streams.ts';

const stream = (name: string, more: Partial<StreamFacts> = {}): StreamFacts => ({
  ...{ name, exists: true, differences: [], lagging: [], bytes: 10, bytesMax: 100 },
  ...more,
});

test('streams that are as they are to be, or not there yet, are good', () => {
  assert.deepEqual(judgeStreams([stream('M0'), stream('S')]), { verdict: 'ok', text: '2 streams, as they are to be' });
  assert.match(judgeStreams([stream('M0', { exists: false })]).text, /the archive makes them/);
});

test('some that are missing, and another number of streams, are faults', () => {
  assert.match(judgeStreams([stream('M0'), stream('S', { exists: false })]).text, /^S missing/);
  const other = judgeStreams([stream('M0', { differences: ['subjects is a, not b'] })]);
  assert.deepEqual([other.verdict, /which is fixed/.test(other.text)], ['failed', true]);
});

test('what still works is a warning: other limits, replicas that lag, little room', () => {
  const troubles = judgeStreams([
    stream('M0', { differences: ['max_bytes is 1, not 2'] }),
    stream('M1', { lagging: ['n2', 'n3'] }),
    stream('M2', { bytes: 80 }),
    stream('M3', { bytes: 80, bytesMax: -1 }),
  ]);
  assert.equal(troubles.verdict, 'warning');
  assert.match(troubles.text, /M0: max_bytes is 1, not 2/);
  assert.match(troubles.text, /replicas away or behind: M1 n2, n3; nearly full: M2 80 %$/);
});

test('without a server, without JetStream, with more streams', () => {
  const facts = { hasJetStream: true, streams: [], hasMoreStreams: true } as unknown as NatsFacts;
  assert.equal(judgeNatsStreams('none', 8).verdict, 'ok');
  assert.equal(judgeNatsStreams({ error: 'gone' }, 8).verdict, 'skipped');
  assert.match(judgeNatsStreams({ facts }, 8).text, /more streams than STARLING_LOG_STREAMS \(8\)/);
  assert.equal(judgeNatsStreams({ facts: { ...facts, hasJetStream: false } }, 8).verdict, 'failed');
});
