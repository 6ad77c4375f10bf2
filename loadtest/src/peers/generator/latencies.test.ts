import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latencies, percentile } from './latencies.ts';

test('percentiles by nearest rank', () => {
  const sorted = Float64Array.from({ length: 100 }, (_, i) => i + 1);
  assert.deepEqual(
    [0, 0.5, 0.99, 1].map((share) => percentile(sorted, share)),
    [1, 50, 99, 100],
  );
  assert.equal(percentile(Float64Array.of(7), 0.99), 7);
  assert.equal(percentile(new Float64Array(), 0.5), 0);
});

test('more than there is room for, in any order, and anew', () => {
  const latencies = new Latencies();
  for (let ms = 200_000; ms >= 1; ms--) latencies.add(ms);
  assert.deepEqual(latencies.summary(), { p50Ms: 100_000, p99Ms: 198_000, maxMs: 200_000 });
  latencies.clear();
  latencies.add(3);
  assert.deepEqual(latencies.summary(), { p50Ms: 3, p99Ms: 3, maxMs: 3 });
});
