import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isState, STATES } from './state.ts';
import { walk } from './walk.ts';

const moves = walk(() => true);

test('each move begins where the last one has ended, and all states are states', () => {
  let at = { user: STATES.None, contact: STATES.None };
  for (const { before, behind } of moves) {
    assert.deepEqual(before, at);
    assert.ok(isState(behind.user) && isState(behind.contact));
    at = { ...behind } as typeof at;
  }
});

test('the user makes each of the four from each of the nine states, and from those with a pre-approval', () => {
  const made = new Set(moves.filter((m) => m.by === 'user').map((m) => JSON.stringify([m.before.user, m.type])));
  // With one no request of the contact waits: it is answered at once.
  assert.equal(made.size, (9 + 6) * 4);
});
