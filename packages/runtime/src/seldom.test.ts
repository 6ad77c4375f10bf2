import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appended, EMPTY } from './seldom.ts';

test('what is appended to nothing is a list of its own', () => {
  const one = appended<number>(EMPTY, 1);
  const other = appended<number>(EMPTY, 2);
  assert.deepEqual([one, other, EMPTY], [[1], [2], []]);
});

test('a list that has something grows in place', () => {
  const list = appended<number>(EMPTY, 1);
  assert.equal(appended(list, 2), list);
  assert.deepEqual(list, [1, 2]);
});
