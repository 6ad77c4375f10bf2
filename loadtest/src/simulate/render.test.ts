import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { renderScale } from './render.ts';
import type { Phase, SimulateResult } from './result.ts';

const phase = (name: string, count: number): Phase => ({
  ...{ name, unit: 'one', count, seconds: 2, toldAfterSeconds: 3.5 },
  traffic: {
    'owner → edge': { messages: 2 * count, bytes: 100 * count, deliveries: 2 * count, deliveredBytes: 100 * count },
    bind: { messages: count, bytes: count, deliveries: count, deliveredBytes: count },
  },
  cpuUs: { edge: 10 * count, presence: 20 * count },
  busiestUs: { edge: 1_000_000, presence: 500_000 },
  written: { stanzas: 50 * count, bytes: 500 * count },
});

const NAMES = ['logins', 'nothing happens', 'changes of presence', 'messages', 'an edge dies', 'an owner dies'];
const SAMPLE: SimulateResult = {
  ...{ at: '2026-01-02T00:00:00.000Z', commit: 'abc1234', machine: { cpu: 'Z80', cores: 1, node: 'v20.0.0' } },
  options: {
    ...{
      sessions: 100_000,
      contacts: 50,
      edges: 3,
      wholeEdges: 1,
      owners: 2,
      share: 1,
      rate: 10_000,
      fill: 10,
      seconds: 2,
    },
    ...{ scenarios: [], seed: 1, minutesMax: 1, heapGigabytes: 1 },
  },
  simulated: { sessions: 100_000, owners: 2, subjects: 100_000, partitions: { least: 96, most: 160 } },
  stopped: '',
  phases: NAMES.map((name) => phase(name, 1_000)),
  memory: { edgeBytesASession: 10_240, ownerBytesASession: 5_120, heapBytes: 2 ** 30, rssBytes: 2 ** 31 },
  views: { compared: 10, wrong: 0, first: '' },
  failures: [],
  took: { seconds: 10, cpuSeconds: 11, steps: 12_345 },
};

test('the page has the newest result of each size beside what was reckoned on paper', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'starling-results-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const url = pathToFileURL(`${folder}/`);
  assert.equal(renderScale(url).size, 0);
  const write = (name: string, result: SimulateResult) => writeFileSync(join(folder, name), JSON.stringify(result));
  write('2026-01-02-abc1234-simulate.json', SAMPLE);
  write('2026-01-01-fff0000-simulate.json', { ...SAMPLE, at: '2026-01-01T00:00:00.000Z' });
  const ten = { ...SAMPLE.options, sessions: 10_000_000, share: 0.1 };
  write('2026-01-03-abc1234-simulate.json', { ...SAMPLE, options: ten, phases: SAMPLE.phases.slice(0, 3) });
  writeFileSync(join(folder, '2026-01-03-abc1234-bench.json'), 'no result of this kind');
  const page = renderScale(url).get('docs/scale.md') ?? '';
  const lines = page.split('\n').filter((line) => /^\|.*, (on paper|counted)/.test(line));
  assert.deepEqual(
    lines.map((line) => line.slice(2).replace(/,? (on paper|counted).*/, ' $1')),
    ['100,000 on paper', '**100,000 counted', '1,000,000 on paper', '10,000,000 on paper', '**10,000,000 counted'],
  );
  assert.match(page, /\| \*\*100,000, counted\*\* \| 3 \| 0\.50 \| 0\.50 \| 2 \| 0\.24 GiB \| 0\.25 \|/);
  assert.match(page, /so 500,000 a second at 10,000\/s/);
  assert.match(page, /has 96 of the 256, the one with the most 160, 1\.3 times the mean, and so 62,500 of 100,000/);
  assert.match(page, /`2026-01-02-abc1234-simulate\.json`/);
  assert.doesNotMatch(page, /fff0000|NaN|undefined|Infinity/);
});
