import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSuffix, troubleOf } from './verdict.ts';

const device = (name: string, ...ids: readonly string[]) => ({ name, ids, twice: 0, nameless: 0 });

test('the same ids in the same order are no trouble', () => {
  assert.deepEqual(troubleOf([device('phone', 'a', 'b'), device('desk', 'a', 'b')], ['a', 'b'], 2), []);
});

test('every difference is named', () => {
  const devices = [
    device('phone', 'b', 'a'),
    device('desk', 'a'),
    { ...device('tv', 'a', 'b'), twice: 1, nameless: 2 },
  ];
  assert.deepEqual(troubleOf(devices, ['a', 'b'], 3), [
    'the archive has 2 messages instead of 3',
    'phone: has 2 of 2; other than the archive from place 0 on',
    'desk: has 1 of 2; other than the archive from place 1 on',
    'tv: 1 came twice',
    'tv: 2 came without an id',
  ]);
  assert.deepEqual(troubleOf([device('phone', 'a', 'a')], ['a', 'a'], 2), ['an id is twice in the archive']);
});

test('who came later has the end of it', () => {
  assert.deepEqual(
    [['b', 'c'], ['a', 'b', 'c'], ['c', 'b'], [], ['x', 'a', 'b', 'c']].map((end) => isSuffix(end, ['a', 'b', 'c'])),
    [true, true, false, false, false],
  );
});
