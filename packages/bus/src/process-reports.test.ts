import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gauge, Health, MetricsRegistry, metricsSpec, silentLogger } from '@starling/runtime';
import { MemoryBus } from './memory-bus.ts';
import { answerReports, gatherReports } from './process-reports.ts';

const spec = metricsSpec({ things: gauge('starling_test_things', 'Of a test') });

test('all processes answer one question, and say how they are', async () => {
  const bus = new MemoryBus();
  const subscriptions = ['edge-2', 'edge-1'].map((id, i) => {
    const metrics = new MetricsRegistry();
    metrics.register(spec).things.set(i);
    const health = new Health();
    health.ready('part', () => i === 0);
    return answerReports(bus, { id, service: 'edge', metrics, health, log: silentLogger });
  });
  const reports = await gatherReports(bus, 200);
  assert.deepEqual(
    reports.map(({ id, ready, pid }) => ({ id, ready, pid })),
    [
      { id: 'edge-1', ready: false, pid: process.pid },
      { id: 'edge-2', ready: true, pid: process.pid },
    ],
  );
  assert.match(reports[0]?.metrics ?? '', /^starling_test_things 1$/m);
  for (const subscription of subscriptions) subscription.unsubscribe();
  assert.deepEqual(await gatherReports(bus, 20), []);
  await bus.close();
});
