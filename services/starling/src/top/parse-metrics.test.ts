import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, histogram, MetricsRegistry, metricsSpec } from '@starling/runtime';
import { parseMetrics, quantileBetween, sumOf } from './parse-metrics.ts';

const spec = metricsSpec({
  things: counter('starling_test_things_total', 'Of a test', ['kind']),
  waits: histogram('starling_test_wait_seconds', 'Of a test', [1, 2, 4]),
});

test('what our own processes write is read', async () => {
  const registry = new MetricsRegistry();
  const { things } = registry.register(spec);
  things.inc(2, { kind: 'a' });
  things.inc(3, { kind: 'say "b\\c"\n' });
  const metrics = parseMetrics(await registry.scrape());
  assert.equal(sumOf(metrics, 'starling_test_things_total'), 5);
  assert.equal(sumOf(metrics, 'starling_test_things_total', { kind: 'a' }), 2);
  assert.equal(sumOf(metrics, 'starling_test_things_total', { kind: 'say "b\\c"\n' }), 3);
  assert.equal(sumOf(metrics, 'starling_test_things_total', { kind: 'z' }), undefined);
  assert.equal(sumOf(metrics, 'starling_no_such_total'), undefined);
});

test('a quantile is of what came between two looks', async () => {
  const registry = new MetricsRegistry();
  const { waits } = registry.register(spec);
  for (let n = 0; n < 100; n++) waits.observe(3.9);
  const before = parseMetrics(await registry.scrape());
  assert.equal(quantileBetween(undefined, before, 'starling_test_wait_seconds', 0.5), 3);
  assert.equal(quantileBetween(before, before, 'starling_test_wait_seconds', 0.5), undefined);
  for (let n = 0; n < 10; n++) waits.observe(0.5);
  const now = parseMetrics(await registry.scrape());
  assert.equal(quantileBetween(before, now, 'starling_test_wait_seconds', 1), 1);
  for (let n = 0; n < 90; n++) waits.observe(9);
  assert.equal(quantileBetween(before, parseMetrics(await registry.scrape()), 'starling_test_wait_seconds', 0.99), 4);
});
