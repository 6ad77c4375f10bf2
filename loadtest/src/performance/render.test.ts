import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { SAMPLE } from '../peers/testing/sample.ts';
import { renderPerformance } from './render.ts';

test('page and charts come from the newest whole results alone, and are the same again', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-results-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const url = pathToFileURL(`${folder}/`);
  assert.equal(renderPerformance(url).size, 0);
  const write = (name: string, at: string, measurements = SAMPLE.measurements) =>
    writeFileSync(join(folder, name), JSON.stringify({ ...SAMPLE, at, measurements }));
  write('2026-01-02-abc1234-peers.json', SAMPLE.at);
  write('2025-12-31-fff0000-peers.json', '2025-12-31T00:00:00.000Z');
  write('2026-01-04-abc1234-peers.json', '2026-01-04T00:00:00.000Z', SAMPLE.measurements.slice(0, 1));
  writeFileSync(join(folder, '2026-01-03-abc1234-bench.json'), 'no result of this kind');
  const files = renderPerformance(url);
  const charts = ['cpu', 'latency', 'memory', 'parts', 'rate'].map((name) => `docs/performance/${name}.svg`);
  assert.deepEqual([...files.keys()].sort(), ['docs/performance.md', ...charts]);
  const page = files.get('docs/performance.md') ?? '';
  assert.match(page, /^- `2026-01-02-abc1234-peers\.json` \(report/m);
  assert.match(page, /^- Routed messages, TCP, 1000\/s, µs of CPU for each: ejabberd 100; ours 120\.$/m);
  assert.doesNotMatch([...files.values()].join('\n'), /NaN|undefined|Infinity/);
  assert.deepEqual([...renderPerformance(url)], [...files]);
});
