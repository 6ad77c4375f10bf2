import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everyMetric } from './known-metrics.mjs';
import { promtool } from './promtool.mjs';

test('every metric is named as Prometheus wants it', async () => {
  const { text } = await everyMetric();
  const { agrees, said } = promtool(['check', 'metrics'], text);
  assert.ok(agrees && said.trim() === '', said);
});
