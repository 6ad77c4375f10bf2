import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FATE } from '@starling/contracts';
import { MetricsRegistry } from '@starling/runtime';
import { DeliveryTimes } from './message-times.ts';
import { edgeMetrics } from './metrics.ts';

test('a delivery is timed by its fate; one that comes before it was sent counts as 0, and is told', async () => {
  const registry = new MetricsRegistry();
  const times = new DeliveryTimes(registry.register(edgeMetrics));
  times.delivered(FATE.archived, Date.now() - 1_500);
  times.delivered(FATE.archived, Date.now() + 60_000);
  const lines = (await registry.scrape()).split('\n');
  for (const line of [
    'starling_edge_delivery_seconds_bucket{le="0.001",fate="archived"} 1',
    'starling_edge_delivery_seconds_bucket{le="1",fate="archived"} 1',
    'starling_edge_delivery_seconds_bucket{le="2",fate="archived"} 2',
    'starling_edge_delivery_seconds_count{fate="archived"} 2',
    'starling_edge_delivery_seconds_count{fate="live"} 0',
    'starling_edge_deliveries_early_total 1',
  ]) {
    assert.ok(lines.includes(line), line);
  }
});
