import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Figures,
  judge,
  judgeAll,
  type Messages,
  type ReceivedMessage,
  type SentMessage,
  troubleOf,
  type Way,
} from './verdict.ts';

const NOW = 1_000;
const sent = (count: number, more: Partial<SentMessage> = {}): SentMessage[] =>
  Array.from({ length: count }, (_, i) => ({
    number: i + 1,
    sentAtMs: (i + 1) * 10,
    acknowledgedAtMs: (i + 1) * 10 + 5,
    isRefused: false,
    isUncertain: false,
    ...more,
  }));
const seen = (numbers: readonly number[], more: Partial<ReceivedMessage> = {}): ReceivedMessage[] =>
  numbers.map((number) => ({ number, stanzaId: `id-${number}`, isLate: false, ...more }));
const way = (more: Partial<Way> = {}): Way => ({
  sent: sent(3),
  archives: [
    [1, 2, 3],
    [1, 2, 3],
  ],
  devices: [seen([1, 2, 3])],
  ...more,
});

test('what arrived once and in order keeps every promise', () => {
  assert.deepEqual(judge(way(), NOW), {
    sent: 3,
    acknowledged: 3,
    archived: 3,
    delivered: 3,
    refused: 0,
    lost: 0,
    storedTwice: 0,
    outOfOrder: 0,
    deliveredTwice: 0,
    renamed: 0,
    unacknowledged: 0,
    longestStallMs: 5,
  } satisfies Messages);
});

const PLANTED: readonly [name: keyof Messages, of: Partial<Way>, count: number][] = [
  [
    'lost',
    {
      archives: [
        [1, 3],
        [1, 2, 3],
      ],
    },
    1,
  ],
  [
    'lost',
    {
      archives: [
        [1, 2, 3],
        [1, 2],
      ],
    },
    1,
  ],
  ['lost', { devices: [seen([1, 3])] }, 1],
  ['lost', { devices: [] }, 3],
  [
    'storedTwice',
    {
      archives: [
        [1, 2, 2, 3],
        [1, 2, 3],
      ],
    },
    1,
  ],
  [
    'storedTwice',
    {
      archives: [
        [1, 2, 3, 1],
        [1, 2, 3, 1],
      ],
    },
    2,
  ],
  [
    'outOfOrder',
    {
      archives: [
        [1, 3, 2],
        [1, 2, 3],
      ],
    },
    1,
  ],
  ['outOfOrder', { devices: [seen([2, 1, 3])] }, 1],
  ['deliveredTwice', { devices: [seen([1, 2, 2, 3])] }, 1],
  ['renamed', { devices: [[...seen([1, 2, 3]), ...seen([2], { stanzaId: 'another' })]] }, 1],
];
for (const [name, of, count] of PLANTED) {
  test(`${name} is seen: ${JSON.stringify(of)}`, () => {
    const messages = judge(way(of), NOW);
    assert.equal(messages[name], count);
    const others = ['lost', 'storedTwice', 'outOfOrder', 'deliveredTwice', 'renamed', 'unacknowledged'] as const;
    for (const other of others) if (other !== name) assert.equal(messages[other], 0, other);
  });
}

test('what was not acknowledged is not lost, and stalls until now', () => {
  const open = sent(3).map((m) => (m.number === 3 ? { ...m, acknowledgedAtMs: undefined } : m));
  const messages = judge(
    way({
      sent: open,
      archives: [
        [1, 2],
        [1, 2],
      ],
      devices: [seen([1, 2])],
    }),
    NOW,
  );
  assert.deepEqual([messages.lost, messages.unacknowledged, messages.longestStallMs], [0, 1, 970]);
});

test('what was refused may come behind others, and what is uncertain may be stored twice', () => {
  const refused = sent(3).map((m) => ({ ...m, isRefused: m.number === 1, isUncertain: m.number === 1 }));
  const order = [1, 2, 3, 1];
  const late = [2, 3, 1];
  const messages = judge(way({ sent: refused, archives: [order, late], devices: [seen(late)] }), NOW);
  assert.deepEqual([messages.storedTwice, messages.outOfOrder, messages.lost, messages.refused], [0, 0, 0, 1]);
});

test('two devices may get the same, what had waited comes when it comes, and ways add up', () => {
  const devices = [seen([1, 3]), [...seen([3]), ...seen([2], { isLate: true })]];
  const messages = judgeAll([way({ devices }), way({ devices: [seen([1])] })], NOW);
  assert.deepEqual([messages.lost, messages.outOfOrder, messages.deliveredTwice, messages.sent], [2, 0, 0, 6]);
});

const fine: Figures = {
  ...judge(way(), NOW),
  resumed: 99,
  anew: 1,
  ghosts: 0,
  stale: 0,
  unansweredIqs: 0,
  rostersDiffer: 0,
  retreats: 0,
  bounced: 0,
  longestAwayMs: 0,
};

test('what breaks a promise is told', () => {
  const promises = { mayRepeat: false, resumedMin: 0.99 };
  assert.deepEqual(troubleOf(fine, promises), []);
  assert.deepEqual(troubleOf({ ...fine, ghosts: 2, lost: 1 }, promises), ['1 lost', '2 ghosts']);
  assert.deepEqual(troubleOf({ ...fine, anew: 2 }, promises), ['2 of 101 sessions not resumed']);
  assert.deepEqual(troubleOf(fine, { ...promises, resumedMin: 1 }), ['1 of 100 sessions not resumed']);
  assert.deepEqual(troubleOf({ ...fine, deliveredTwice: 1 }, promises), ['1 deliveredTwice']);
  assert.deepEqual(troubleOf({ ...fine, deliveredTwice: 1 }, { ...promises, mayRepeat: true }), []);
  assert.deepEqual(troubleOf({ ...fine, acknowledged: 0 }, promises), ['no message was acknowledged']);
});
