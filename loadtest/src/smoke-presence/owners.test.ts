import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersByWeight } from './owners.ts';

test('whoever owns most comes first, and everybody is there', () => {
  const members = ['presence-1', 'presence-2', 'presence-3'].map((id) => ({ id, incarnation: id, joinedEpoch: 1 }));
  const users = Array.from({ length: 300 }, (_, i) => `p${i}@d`);
  const order = ownersByWeight(members, users);
  assert.deepEqual(
    [...order].sort(),
    members.map(({ id }) => id),
  );
  const [first = ''] = order;
  const withoutMost = members.filter(({ id }) => id !== first);
  // What the others own does not move when one goes.
  assert.deepEqual(ownersByWeight(withoutMost, users).length, 2);
  assert.deepEqual(
    ownersByWeight(members, []),
    members.map(({ id }) => id),
  );
});
