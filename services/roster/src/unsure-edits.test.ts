import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UnsureEdits } from './unsure-edits.ts';

it('keeps each pair once, the newest ones, until somebody takes them', () => {
  const unsure = new UnsureEdits(2);
  for (const contact of ['a', 'b', 'a', 'c']) unsure.add({ user: 'romeo', contact });
  assert.equal(unsure.size, 2);
  assert.deepEqual(
    unsure.take().map(({ contact }) => contact),
    ['a', 'c'],
  );
  assert.deepEqual(unsure.take(), []);
});
