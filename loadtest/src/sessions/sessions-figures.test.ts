import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { WindowLine } from '../peers/generator/orders.ts';
import { sessionsChart } from '../performance/sessions-chart.ts';
import { sessionsLines, shownTogether } from '../performance/sessions-lines.ts';
import { messageFiguresOf, sessionFiguresOf } from './sessions-figures.ts';
import {
  type KeptSessions,
  lastSessionsResults,
  SESSIONS_SUFFIX,
  type SessionStep,
  type SessionsResult,
  type ShownSessions,
} from './sessions-result.ts';

const shown = (kept: KeptSessions): ShownSessions => ({ sessions: kept, messages: kept });

const step = (sessions: number, count: number): SessionStep => ({
  sessions,
  logins: { count, seconds: 10, cpuUs: { edge: count * 2_000, roster: count * 500 }, p50Ms: 5, p99Ms: 9, waited: 0 },
  pssKiB: { edge: 100_000 + sessions * 20, presence: 50_000 + sessions * 2, nats: 30_000, postgres: 40_000 + sessions },
  idle: { seconds: 10, cpuUs: { edge: sessions * 30, nats: sessions * 20 } },
  pair: { delivered: 100, p50Ms: 0.5, p99Ms: 2 },
});
const window = (load: number | 'max', edge: number): WindowLine => ({
  kind: 'window',
  ...{ load, seconds: 4, sent: 4_000, delivered: 4_000, cpuUs: { edge: edge * 4_000, nats: 40_000 } },
  ...{ generatorUs: 1, machineUs: 1, p50Ms: 1, p99Ms: 3, maxMs: 4 },
});
const result: SessionsResult = {
  at: '2026-01-02T00:00:00.000Z',
  commit: 'abc1234',
  machine: { cpu: 'a', cores: 2, GiB: 24, node: 'v20', nats: '2' },
  options: { sessions: 20_000 },
  calibrationUs: 1_000,
  othersShare: 0,
  edges: 2,
  emptyKiB: { edge: 100_000, presence: 50_000, nats: 30_000, postgres: 40_000 },
  steps: [step(10_000, 10_000), step(20_000, 10_000)],
  messages: [
    { edges: 1, windows: [window('max', 30), window(1_000, 60)] },
    { edges: 2, windows: [window('max', 31), window(1_000, 70)] },
  ],
};

test('what a session costs is what it is more than the empty system, by part', () => {
  const [first, last] = sessionFiguresOf(result);
  assert.deepEqual(first?.kib, { edge: 20, presence: 2, nats: 0, others: 1 });
  assert.deepEqual(last?.kib, first?.kib);
  assert.deepEqual(last?.loginUs, { edge: 2_000, presence: 0, nats: 0, others: 500 });
  assert.deepEqual(last?.idleUs, { edge: 3, presence: 0, nats: 2, others: 0 });
  assert.equal(last?.idleCores, 0.1);
  assert.equal(last?.loginsPerSecond, 1_000);
});

test('what a message costs, on each number of edges at each load', () => {
  assert.deepEqual(
    messageFiguresOf(result).map(({ edges, load, us, perSecond }) => [edges, load, us.edge, us.nats, perSecond]),
    [
      [1, 'max', 30, 10, 1_000],
      [1, 1_000, 60, 10, 1_000],
      [2, 'max', 31, 10, 1_000],
      [2, 1_000, 70, 10, 1_000],
    ],
  );
});

test('as tables and a chart, also of a run that was stopped at once', () => {
  assert.deepEqual(sessionsLines(undefined), []);
  const page = sessionsLines(shown({ file: 'x-sessions.json', result })).join('\n');
  assert.match(page, /^\| 20000 \| 23\.0 \| 20\.0 \| 2\.00 \| 0\.00 \| 1\.00 \| 5\.00 \| 3\.00 .* \| 0\.10 \|$/m);
  assert.match(page, /^\| 2 \| as many as go: 1000 \| 41\.0 \|/m);
  const empty = { ...result, steps: [], messages: [], stopped: '1 minutes are over' };
  for (const one of [result, empty]) {
    const svg = sessionsChart(one);
    assert.doesNotMatch(svg + sessionsLines(shown({ file: 'x', result: one })).join('\n'), /NaN|Infinity|undefined/);
    assert.equal(sessionsChart(structuredClone(one)), svg);
  }
  assert.match(
    sessionsLines(shown({ file: 'x', result: empty })).join('\n'),
    /Stopped before its end: 1 minutes are over\./,
  );
});

test('what is shown is the run with the most sessions, and the newest one with messages', async () => {
  const folder = pathToFileURL(`${await mkdtemp(join(tmpdir(), 'sessions-'))}/`);
  try {
    assert.equal(lastSessionsResults(folder), undefined);
    const keep = (name: string, kept: Partial<SessionsResult>) =>
      writeFile(new URL(`${name}${SESSIONS_SUFFIX}`, folder), JSON.stringify({ ...result, ...kept }));
    await keep('many', { at: '2026-01-02T00:00:00.000Z' });
    await keep('none', { at: '2026-01-04T00:00:00.000Z', steps: [], messages: [] });
    const [first] = result.messages;
    assert.ok(first);
    await keep('messages', { at: '2026-01-03T00:00:00.000Z', commit: 'def5678', steps: [], messages: [first] });
    const last = lastSessionsResults(folder);
    assert.ok(last);
    assert.deepEqual([last.sessions.file, last.messages.file], ['many-sessions.json', 'messages-sessions.json']);
    assert.deepEqual(shownTogether(last), { ...result, messages: [first] });
    const page = sessionsLines(last).join('\n');
    assert.match(page, /commit abc1234.*`many-sessions\.json`/);
    assert.match(page, /commit def5678.*`messages-sessions\.json`/);
    assert.equal(page.match(/as many as go/g)?.length, 1);
  } finally {
    await rm(folder, { recursive: true });
  }
});
