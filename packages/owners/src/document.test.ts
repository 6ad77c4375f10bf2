import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasMember, NO_DOCUMENT, withMember, withoutMembers } from './document.ts';

test('a member comes once, in the order of ids, and replaces the older incarnation of its id', () => {
  const one = withMember(NO_DOCUMENT, 'b', 'b1', 0);
  const two = withMember(one, 'a', 'a1', 0);
  const three = withMember(two, 'b', 'b2', 0);
  assert.deepEqual(three, {
    epoch: 3,
    members: [
      { id: 'a', incarnation: 'a1', joinedEpoch: 2 },
      { id: 'b', incarnation: 'b2', joinedEpoch: 3 },
    ],
  });
  assert.equal(withMember(three, 'b', 'b2', 0), three);
  assert.ok(hasMember(three, 'b', 'b2') && !hasMember(three, 'b', 'b1'));
});

test('a document that is made anew goes on behind what was seen', () => {
  assert.equal(withMember(NO_DOCUMENT, 'a', 'a1', 41).epoch, 42);
});

test('no change is the same document', () => {
  const document = withMember(NO_DOCUMENT, 'a', 'a1', 0);
  assert.equal(
    withoutMembers(document, () => false),
    document,
  );
});

test('property: the epoch rises with each change, and no id is in it twice', () => {
  const step = fc.record({ id: fc.constantFrom('a', 'b', 'c'), incarnation: fc.nat(5), join: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let document = NO_DOCUMENT;
      for (const { id, incarnation, join } of steps) {
        const name = `${id}${incarnation}`;
        const next = join
          ? withMember(document, id, name, 0)
          : withoutMembers(document, (member) => member.incarnation === name);
        assert.equal(next.epoch, next === document ? document.epoch : document.epoch + 1);
        assert.equal(hasMember(next, id, name), join);
        document = next;
        const ids = document.members.map((member) => member.id);
        assert.deepEqual(ids, [...new Set(ids)].sort());
      }
    }),
  );
});
