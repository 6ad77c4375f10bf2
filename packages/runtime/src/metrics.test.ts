import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counter, describeMetrics, gauge, histogram, MetricsRegistry, metricsSpec, trackQueues } from './metrics.ts';

const spec = metricsSpec({
  stanzasIn: counter('starling_edge_stanzas_in_total', 'Stanzas read from clients', ['kind']),
  kicks: counter('starling_edge_kicks_total', 'Sessions that were ended'),
  sessions: gauge('starling_edge_sessions', 'Sessions'),
  appendSeconds: histogram('starling_log_append_seconds', 'Time of an append', [0.01, 0.1]),
});

test('counters, gauges and histograms reach the scrape as Prometheus reads them', async () => {
  const registry = new MetricsRegistry();
  const metrics = registry.register(spec);
  metrics.stanzasIn.inc(1, { kind: 'message' });
  const messages = metrics.stanzasIn.with({ kind: 'message' });
  messages.inc();
  messages.inc(3);
  metrics.sessions.inc(5);
  metrics.sessions.dec();
  const untrack = metrics.sessions.track(() => 10);
  for (const seconds of [0.01, 0.05, 7]) metrics.appendSeconds.observe(seconds);
  const lines = (await registry.scrape()).split('\n');
  for (const line of [
    '# HELP starling_edge_stanzas_in_total Stanzas read from clients',
    '# TYPE starling_edge_stanzas_in_total counter',
    'starling_edge_stanzas_in_total{kind="message"} 5',
    'starling_edge_kicks_total 0',
    'starling_edge_sessions 14',
    '# TYPE starling_log_append_seconds histogram',
    'starling_log_append_seconds_bucket{le="0.01"} 1',
    'starling_log_append_seconds_bucket{le="0.1"} 2',
    'starling_log_append_seconds_bucket{le="+Inf"} 3',
    'starling_log_append_seconds_sum 7.06',
    'starling_log_append_seconds_count 3',
  ]) {
    assert.ok(lines.includes(line), `${line}\n--\n${lines.join('\n')}`);
  }
  untrack();
  metrics.sessions.set(2);
  assert.match(await registry.scrape(), /^starling_edge_sessions 2$/m);
});

test('registering a spec again gives the same instruments; another one of the same name is refused', () => {
  const registry = new MetricsRegistry();
  assert.equal(registry.register(spec), registry.register(spec));
  const twin = metricsSpec({ other: gauge('starling_edge_sessions', 'x') });
  assert.throws(() => registry.register(twin), /already been registered/);
});

test('sets of labels are bounded: the rest is counted under other', async () => {
  const registry = new MetricsRegistry();
  const { stanzasIn } = registry.register(spec);
  for (let i = 0; i < 1000; i++) stanzasIn.inc(1, { kind: `k${i}` });
  const samples = (await registry.scrape()).match(/^starling_edge_stanzas_in_total\{.*$/gm) ?? [];
  assert.equal(samples.length, 201);
  assert.ok(samples.includes('starling_edge_stanzas_in_total{kind="other"} 800'));
});

test('process metrics are there when asked for', async () => {
  const registry = new MetricsRegistry();
  registry.collectProcessMetrics();
  assert.match(await registry.scrape(), /^starling_process_cpu_seconds_total \d/m);
  registry.clear();
});

test('malformed declarations are refused', () => {
  assert.throws(() => metricsSpec({ a: gauge('sessions', '') }), /no name of a metric/);
  assert.throws(() => metricsSpec({ a: counter('starling_kicks', '') }), /_total/);
  assert.throws(() => metricsSpec({ a: histogram('starling_x_seconds', '', [2, 1]) }), /ascend/);
  assert.throws(() => metricsSpec({ a: histogram('starling_x_seconds', '', []) }), /ascend/);
});

test('declarations describe themselves', () => {
  assert.deepEqual(describeMetrics(spec)[0], {
    name: 'starling_edge_stanzas_in_total',
    type: 'counter',
    labels: ['kind'],
    values: [[]],
    help: 'Stanzas read from clients',
  });
});

test('where it is said what labels can be, all of it is there from the start', async () => {
  const registry = new MetricsRegistry();
  const said = metricsSpec({
    ends: counter('starling_ends_total', 'x', { how: ['well', 'badly'], who: ['us'] }),
    times: histogram('starling_times_seconds', 'x', [1], { fate: ['live'] }),
  });
  registry.register(said).ends.inc(2, { how: 'badly', who: 'us' });
  const lines = (await registry.scrape()).split('\n');
  for (const line of [
    'starling_ends_total{how="well",who="us"} 0',
    'starling_ends_total{how="badly",who="us"} 2',
    'starling_times_seconds_count{fate="live"} 0',
  ]) {
    assert.ok(lines.includes(line), line);
  }
  assert.deepEqual(describeMetrics(said)[0]?.values, [['well', 'badly'], ['us']]);
});

test('a counter that somebody else counts does not go back when he ends', async () => {
  const registry = new MetricsRegistry();
  const { kicks } = registry.register(spec);
  kicks.inc(2);
  let counted = 0;
  const end = kicks.track(() => counted);
  counted = 5;
  assert.match(await registry.scrape(), /^starling_edge_kicks_total 7$/m);
  end();
  end();
  counted = 100;
  assert.match(await registry.scrape(), /^starling_edge_kicks_total 7$/m);
});

test('queues are shown with their bounds, those of several parts together', async () => {
  const registry = new MetricsRegistry();
  const ends = [3, 4].map((used) => trackQueues(registry, { roster_edits: { limit: 10, used: () => used } }));
  const scraped = await registry.scrape();
  assert.match(scraped, /^starling_queue_used\{queue="roster_edits"\} 7$/m);
  assert.match(scraped, /^starling_queue_limit\{queue="roster_edits"\} 20$/m);
  for (const end of ends) end();
  assert.match(await registry.scrape(), /^starling_queue_used\{queue="roster_edits"\} 0$/m);
});
