import assert from 'node:assert/strict';
import { test } from 'node:test';
import { streamConfig } from './jetstream-streams.ts';
import { streamDifferences } from './stream-differences.ts';

const wanted = streamConfig(0, { streams: 128, replicas: 3, bytesMax: 8192, duplicateWindowMs: 300_000 });

test('a stream that is as it is to be has no differences, whatever else the server tells', () => {
  assert.deepEqual(
    streamDifferences(wanted, { ...wanted, max_msgs: -1, republish: { ...wanted.republish, x: 1 } }),
    [],
  );
});

test('each difference is told with both values', () => {
  const existing = { ...wanted, num_replicas: 1, discard: 'old', republish: undefined, subjects: ['m.0.>'] };
  assert.deepEqual(streamDifferences(wanted, existing), [
    'subjects is m.0.>, not m.0.> m.128.>',
    'discard is old, not new',
    'num_replicas is 1, not 3',
    'republish is not set, not m.> → u.>',
  ]);
});
