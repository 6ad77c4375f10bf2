import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CpuProfile } from '../bench/profile-report.ts';
import { type Flame, flameOf, layOut, originOf } from './flame-tree.ts';

const node = (id: number, functionName: string, url: string, ...children: number[]) => ({
  id,
  callFrame: { functionName, url, lineNumber: 0, columnNumber: 0 },
  children,
});
// all → read → parse twice (two of V8's nodes), one of them → write; and the loop that is idle.
const profile: CpuProfile = {
  nodes: [
    node(1, '(root)', '', 2, 3, 7),
    node(2, '(idle)', ''),
    node(3, 'read', 'a.js', 4, 5),
    node(4, 'parse', 'b.js', 6),
    node(5, 'parse', 'b.js'),
    node(6, 'write', ''),
    node(7, '(garbage collector)', ''),
  ],
  samples: [2, 3, 4, 5, 6, 7],
  timeDeltas: [0, 5_000, 100, 200, 300, 399, 1],
};
const flame = flameOf(profile, ({ url }) => `${url}:1`);
const brief = ({ name, place, selfUs, totalUs, children }: Flame): unknown => [
  [name, place, selfUs, totalUs].join(' '),
  ...children.map(brief),
];

test('the same way is there once, without what was idle, and totals add up', () => {
  assert.deepEqual(brief(flame), [
    'all  0 1000',
    ['read a.js:1 100 999', ['parse b.js:1 500 899', ['write  399 399']]],
    ['(garbage collector)  1 1'],
  ]);
});

test('frames lie in their callers, and the narrowest are left out', () => {
  const frames = layOut(flame, 0.003).map((frame) => [frame.flame.name, frame.depth, frame.from, frame.share]);
  assert.deepEqual(frames, [
    ['all', 0, 0, 1],
    ['read', 1, 0, 0.999],
    ['parse', 2, 0, 0.899],
    ['write', 3, 0, 0.399],
  ]);
  assert.deepEqual(
    layOut(flame, 0)
      .slice(-1)
      .map(({ from }) => from),
    [0.999],
  );
});

test('whose code it is', () => {
  const origins = [
    '',
    'services/edge/src/road.ts:1',
    'packages/xml/src/scanner.ts:2',
    'node:net:3',
    'pg/lib/utils.js:4',
  ];
  assert.deepEqual(
    origins.map((place) => originOf({ place })),
    ['engine', 'service', 'package', 'node', 'module'],
  );
});

test('of nothing there is nothing', () => {
  assert.deepEqual(brief(flameOf({ nodes: [], samples: [], timeDeltas: [] }, () => '')), ['all  0 0']);
});
