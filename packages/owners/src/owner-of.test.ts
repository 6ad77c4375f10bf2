import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OwnerMap } from './owner-map.ts';
import { ownerOf } from './owner-of.ts';

const PARTITIONS = 256;
const partitions = Array.from({ length: PARTITIONS }, (_, p) => p);
const named = (ids: readonly string[]) => ids.map((id) => ({ id }));
const ids = (minLength: number) =>
  fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), { minLength, maxLength: 12 });
const ownersOf = (members: readonly string[]) => partitions.map((p) => ownerOf(p, named(members))?.id);

test('nobody owns anything in an empty group', () => {
  assert.equal(ownerOf(0, []), undefined);
  assert.equal(OwnerMap.rendezvous(PARTITIONS, []).ownerOf(0), undefined);
  assert.equal(OwnerMap.fair(8, []).ownerOf(7), undefined);
  assert.deepEqual(OwnerMap.fair(8, []).ownedBy('x'), []);
});

test('property: every process computes the same, whatever the order of the members', () => {
  const twoOrders = ids(1).chain((members) =>
    fc.tuple(fc.constant(members), fc.shuffledSubarray(members, { minLength: members.length })),
  );
  fc.assert(
    fc.property(twoOrders, ([members, shuffled]) => {
      assert.deepEqual(ownersOf(members), ownersOf(shuffled));
      const [fair, again] = [OwnerMap.fair(8, named(members)), OwnerMap.fair(8, named(shuffled))];
      for (let p = 0; p < 8; p++) assert.equal(fair.ownerOf(p)?.id, again.ownerOf(p)?.id);
    }),
  );
});

test('property: when a member goes, only its partitions move; when it comes, only what it gets', () => {
  fc.assert(
    fc.property(ids(2), (members) => {
      const [goes, ...stay] = members;
      const before = ownersOf(members);
      const after = ownersOf(stay);
      for (const p of partitions) assert.ok(before[p] === goes || before[p] === after[p], `partition ${p}`);
    }),
  );
});

test('partitions are spread evenly: the least has more than half of a share, the most less than two', () => {
  for (let members = 2; members <= 8; members++) {
    const spread = OwnerMap.rendezvous(
      PARTITIONS,
      named(Array.from({ length: members }, (_, i) => `presence-${i + 1}`)),
    );
    const share = PARTITIONS / members;
    for (let i = 1; i <= members; i++) {
      const count = spread.ownedBy(`presence-${i}`).length;
      assert.ok(count > share / 2 && count < share * 2, `${count} of ${members} members' ${share}`);
    }
  }
});

test('property: all members together are balanced within what chance allows', () => {
  fc.assert(
    fc.property(ids(2), (members) => {
      const map = OwnerMap.rendezvous(PARTITIONS, named(members));
      const share = PARTITIONS / members.length;
      // Six standard deviations of a binomial distribution.
      const allowed = 6 * Math.sqrt(share * (1 - 1 / members.length));
      for (const id of members) assert.ok(Math.abs(map.ownedBy(id).length - share) <= allowed, id);
    }),
  );
});

test('property: the map says what ownerOf says', () => {
  fc.assert(
    fc.property(ids(1), (members) => {
      const map = OwnerMap.rendezvous(PARTITIONS, named(members));
      assert.deepEqual(
        partitions.map((p) => map.ownerOf(p)?.id),
        ownersOf(members),
      );
      for (const id of members) for (const p of map.ownedBy(id)) assert.equal(map.ownerOf(p)?.id, id);
    }),
  );
});

test('property: fair shares differ by one at most, and every partition has an owner', () => {
  fc.assert(
    fc.property(ids(1), fc.integer({ min: 1, max: 64 }), (members, count) => {
      const map = OwnerMap.fair(count, named(members));
      const counts = members.map((id) => map.ownedBy(id).length);
      assert.equal(
        counts.reduce((a, b) => a + b, 0),
        count,
      );
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
    }),
  );
});

test('golden: two releases side by side must agree for ever', () => {
  const members = named(['presence-1', 'presence-2', 'presence-3']);
  const owners = partitions.slice(0, 16).map((p) => ownerOf(p, members)?.id.at(-1));
  assert.equal(owners.join(''), '1113123233213313');
});
