import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BlockChange, changeBlocks } from './change-blocks.ts';

const change = (more: Partial<BlockChange>): BlockChange => ({ block: [], unblock: [], unblockAll: false, ...more });

const TABLE: readonly (readonly [string, readonly string[], Partial<BlockChange>, readonly string[]])[] = [
  ['§3.3 blocked ones come last', ['a'], { block: ['c', 'b'] }, ['a', 'c', 'b']],
  ['§3.3 what is blocked stays where it is', ['a', 'b'], { block: ['a'] }, ['a', 'b']],
  ['§3.4 unblocked ones go', ['a', 'b'], { unblock: ['a'] }, ['b']],
  ['§3.4 what is not blocked can be unblocked', ['a'], { unblock: ['b'] }, ['a']],
  ['§3.5 all go at once', ['a', 'b'], { unblockAll: true }, []],
];
for (const [title, before, wish, after] of TABLE)
  test(title, () => assert.deepEqual(changeBlocks(before, change(wish)), after));

test('property: nothing new is the same list; what is asked for twice is done once', () => {
  const jids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  const wish = fc.record({ block: jids, unblock: jids, unblockAll: fc.boolean() }, { noNullPrototype: true });
  fc.assert(
    fc.property(jids, wish, (before, asked) => {
      const after = changeBlocks(before, asked);
      assert.equal(new Set(after).size, after.length);
      assert.equal(changeBlocks(after, { ...asked, unblockAll: false, unblock: [] }), after);
    }),
  );
});
