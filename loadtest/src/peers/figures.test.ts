import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figuresOf, loadFiguresOf, requireWhole, spreadOf } from './figures.ts';
import { chatOf, SAMPLE, totalOf, windowOf } from './testing/sample.ts';

test('medians and spreads of all rounds, all parts together', () => {
  const { loads } = figuresOf(SAMPLE);
  const of = (server: string) => loads.find((l) => l.server === server && l.load === 'max');
  assert.deepEqual(of('ejabberd')?.costUs, { median: 93, min: 90, max: 96, all: [90, 93, 96] });
  assert.deepEqual(of('starling')?.costUs.median, 31);
  assert.deepEqual(of('starling')?.partsUs, { edge: 20, nats: 11 });
  assert.deepEqual([of('starling')?.perSecond.median, of('starling')?.generatorShare], [1_000, 0.2]);
});

test('growth over the empty system, for each session', () => {
  const { memory } = figuresOf(SAMPLE);
  assert.deepEqual(
    memory.map(({ server, sessions, perSessionKiB }) => [server, sessions, perSessionKiB.median]),
    [
      ['ejabberd', 1_000, 10],
      ['ejabberd', 4_000, 50],
      ['starling', 1_000, 10],
      ['starling', 4_000, 10],
    ],
  );
  assert.deepEqual(memory.at(-1)?.partsKiB, { a: 5, b: 5 });
});

test('who cannot keep the pace is told so', () => {
  const paced = (lines: Parameters<typeof chatOf>[2]) => loadFiguresOf([chatOf('prosody', 0, lines)])[0]?.isBehind;
  assert.equal(paced([windowOf(1_000, { a: 1 }), totalOf(1_000, 10_000)]), false);
  assert.equal(paced([windowOf(1_000, { a: 1 }, 9_000), totalOf(1_000, 10_000)]), true);
  assert.equal(paced([windowOf(1_000, { a: 1 }), totalOf(1_000, 10_000, 9_999)]), true);
});

test('a run that lost something, or has not two rows of each message, has no figures', () => {
  const whole = chatOf('ejabberd', 0, [totalOf('max', 10)]);
  requireWhole({ ...whole, archive: { rows: 20, lagSeconds: 0 } });
  requireWhole(chatOf('prosody', 0, [totalOf(1_000, 10, 8)]));
  requireWhole({ ...chatOf('prosody', 0, [totalOf(1_000, 10, 8)]), archive: { rows: 17, lagSeconds: 0 } });
  assert.throws(() => requireWhole({ ...whole, archive: { rows: 19, lagSeconds: 0 } }), /19 rows of 10 messages/);
  assert.throws(() => requireWhole(chatOf('ejabberd', 0, [totalOf('max', 10, 9)])), /10 deliveries were due, but/);
  assert.throws(() => requireWhole(chatOf('ejabberd', 0, [totalOf(1_000, 10, 11)])), /and there were 11/);
});

test('of nothing there is no median', () => {
  assert.throws(() => spreadOf([]), /nothing was measured/);
});
