import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isKept, judge, judgeAll, type Way } from './verdict.ts';

const sent = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    sentAtMs: (i + 1) * 10,
    acknowledgedAtMs: (i + 1) * 10 + 5,
    refused: false,
  }));
const visit = (numbers: number[], availableAtMs = 0) => ({
  availableAtMs,
  stayed: true,
  numbers,
  late: new Set<number>(),
});
const way = (more: Partial<Way> = {}): Way => ({
  sent: sent(3),
  inSenderLog: [1, 2, 3],
  inRecipientLog: [1, 2, 3],
  visits: [visit([1, 2, 3])],
  ...more,
});

test('what arrived once and in order keeps every promise', () => {
  const verdict = judge(way());
  assert.equal(isKept(verdict), true);
  assert.deepEqual([verdict.sent, verdict.acknowledged, verdict.archived, verdict.delivered], [3, 3, 3, 3]);
});

const BROKEN: readonly [name: keyof ReturnType<typeof judge>['broken'], of: Partial<Way>, count: number][] = [
  ['lost', { inRecipientLog: [1, 3] }, 1],
  ['lost', { inSenderLog: [1, 3] }, 1],
  ['twice', { inRecipientLog: [1, 2, 2, 3] }, 1],
  ['twice', { inSenderLog: [1, 2, 3, 1] }, 1],
  ['outOfOrder', { inRecipientLog: [1, 3, 2] }, 1],
  ['invented', { inSenderLog: [1, 2, 3, 4] }, 1],
  ['undelivered', { visits: [visit([1, 3])] }, 1],
  ['deliveredTwice', { visits: [visit([1, 2, 2, 3])] }, 1],
  ['deliveredOutOfOrder', { visits: [visit([2, 1, 3])] }, 1],
];
for (const [name, of, count] of BROKEN) {
  test(`${name} is seen: ${JSON.stringify(of)}`, () => {
    const { broken } = judge(way(of));
    const expected = Object.fromEntries(Object.keys(broken).map((key) => [key, key === name ? count : 0]));
    assert.deepEqual(broken, expected);
  });
}

test('what was not acknowledged is unanswered, and may be in the logs or not', () => {
  const open = sent(3).map((m) => (m.number === 3 ? { ...m, acknowledgedAtMs: undefined } : m));
  for (const inRecipientLog of [
    [1, 2],
    [1, 2, 3],
  ]) {
    const verdict = judge(way({ sent: open, inRecipientLog, visits: [] }));
    assert.deepEqual([verdict.broken.unanswered, verdict.broken.lost, verdict.acknowledged], [1, 0, 2]);
  }
});

test('a session is owed only what was sent while it was there', () => {
  assert.equal(judge(way({ visits: [visit([3], 25)] })).broken.undelivered, 0);
  assert.equal(judge(way({ visits: [{ ...visit([]), stayed: false }] })).broken.undelivered, 0);
});

test('a refused message comes behind its successors', () => {
  const refused = sent(3).map((m) => ({ ...m, refused: m.number === 1 }));
  const order = [2, 3, 1];
  const verdict = judge({ sent: refused, inSenderLog: order, inRecipientLog: order, visits: [visit(order)] });
  assert.equal(isKept(verdict), true);
});

test('two sessions may get the same message, and ways add up', () => {
  const verdict = judgeAll([way({ visits: [visit([1, 2]), visit([2, 3], 15)] }), way({ inRecipientLog: [1] })]);
  assert.equal(verdict.broken.deliveredTwice, 0);
  assert.equal(verdict.broken.undelivered, 1);
  assert.equal(verdict.broken.lost, 2);
  assert.equal(verdict.sent, 6);
});
