import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf } from './figures.ts';
import { GOALS, standingsOf, wantedText } from './goals.ts';
import { SAMPLE } from './testing/sample.ts';

test('ours beside the better of the others', () => {
  const [chat, idle, ...others] = standingsOf(figuresOf(SAMPLE));
  assert.equal(others.length, 0);
  assert.deepEqual(
    [chat?.goal.what, chat?.better, chat?.ratio?.toFixed(3), chat?.meetsMust, chat?.meetsThenOn],
    ['routed message, TCP', 'ejabberd', '0.333', true, true],
  );
  assert.deepEqual([chat?.ratios?.min.toFixed(3), chat?.ratios?.max.toFixed(3)], ['0.323', '0.344']);
  assert.equal(idle?.ratios, undefined, 'of one round');
  // Of memory KiB count, of the most sessions.
  assert.deepEqual([idle?.values.get('starling')?.median, idle?.meetsMust, idle?.meetsThenOn], [10, true, false]);
});

test('what is not measured is neither met nor missed', () => {
  const alone = { ...SAMPLE, measurements: SAMPLE.measurements.filter(({ server }) => server === 'starling') };
  const [chat] = standingsOf(figuresOf(alone));
  assert.deepEqual([chat?.better, chat?.ratio, chat?.meetsMust], [undefined, undefined, undefined]);
});

test('of a rate more is better', () => {
  const goal = { ...(GOALS[1] ?? assert.fail()), measure: 'rate', must: 1, thenOn: 3 } as const;
  const [rate] = standingsOf(figuresOf(SAMPLE), [goal]);
  assert.deepEqual([rate?.ratio, rate?.meetsMust, rate?.meetsThenOn], [1, true, false]);
});

test('goals as people write them', () => {
  assert.deepEqual(
    GOALS.map((goal) => [wantedText(goal, goal.must), wantedText(goal, goal.thenOn)]),
    [
      ['≤ 1/3', '≤ 1/5'],
      ['≤ 1/2', '≤ 1/3'],
      ['≤ 1/4', '≤ 1/8'],
      ['≥ 3 ×', '≥ 8 ×'],
      ['≤ 10 KiB', '≤ 5 KiB'],
      ['≤ 12 KiB', '≤ 6 KiB'],
      ['≤ 2/3', '≤ 1/3'],
      ['≤ 1/2', '≤ 1/4'],
    ],
  );
});
