import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measurement, PeersResult } from './result.ts';
import { shownOf } from './shown.ts';
import { chatOf, SAMPLE } from './testing/sample.ts';

const three = (server: Measurement['server'], work: Measurement['work']): readonly Measurement[] =>
  [0, 1, 2].map((round) => ({ ...chatOf(server, round, []), work }));
const whole = (work: Measurement['work']) => [
  ...three('ejabberd', work),
  ...three('prosody', work),
  ...three('starling', work),
];
const kept = (day: number, measurements: readonly Measurement[], more: Partial<PeersResult> = {}) => ({
  file: `day ${day}`,
  result: { ...SAMPLE, at: `2026-01-0${day}T00:00:00.000Z`, commit: `c${day}`, tsung: [], measurements, ...more },
});

test('each work is of the newest result that has it in enough rounds beside enough others', () => {
  const shown = shownOf([
    kept(1, [...whole('chat'), ...whole('login'), ...whole('idle')], { tsung: SAMPLE.tsung }),
    kept(2, [...whole('chat'), ...whole('login')]),
    kept(3, [...three('ejabberd', 'chat'), ...three('starling', 'chat')]),
    kept(
      4,
      whole('idle').filter(({ round }) => round === 0),
    ),
    kept(5, three('ejabberd', 'login')),
  ]);
  assert.deepEqual(
    shown?.sources.map(({ file, works }) => [file, works]),
    [
      ['day 2', ['chat', 'login']],
      ['day 1', ['idle']],
    ],
  );
  assert.equal(shown?.result.measurements.length, 27);
  assert.deepEqual(shown?.tsung, { commit: 'c1', measured: SAMPLE.tsung });
});

test('one that is all there is of a work is shown', () => {
  assert.deepEqual(shownOf([kept(1, three('starling', 'chat'))])?.sources[0]?.works, ['chat']);
  assert.equal(shownOf([kept(1, three('ejabberd', 'chat'))]), undefined);
  assert.equal(shownOf([]), undefined);
});
