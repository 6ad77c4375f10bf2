import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WHAT } from './what.ts';

test('the dictionary is sorted, without repetition, noun_verbed', () => {
  assert.deepEqual([...WHAT], [...new Set(WHAT)].sort());
  for (const what of WHAT) assert.match(what, /^[a-z0-9]+(_[a-z0-9]+)+$/);
});
