import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Cliques, jidOf, type People, personOf, Strangers } from './people.ts';

function requireMutual(people: People, contacts: number): void {
  for (let person = 0; person < people.count; person++) {
    const own = people.contactsOf(person);
    assert.equal(new Set(own).size, contacts);
    assert.ok(!own.includes(person));
    for (const contact of own) assert.ok(people.contactsOf(contact).includes(person), `${contact} of ${person}`);
  }
}

test('everybody has exactly so many contacts, and all are mutual', () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 80 }), fc.integer({ min: 1, max: 40 }), fc.integer(), (count, half, seed) => {
      const contacts = 2 * Math.min(half, Math.floor((count - 1) / 2));
      requireMutual(new Strangers({ count, contacts, seed, domain: 'd' }), contacts);
    }),
  );
});

test('the same seed makes the same people', () => {
  const make = (seed: number) => new Strangers({ count: 50, contacts: 6, seed, domain: 'd' }).contactsOf(7);
  assert.deepEqual(make(1), make(1));
  assert.notDeepEqual(make(1), make(2));
});

test('what cannot be is refused', () => {
  for (const [count, contacts] of [
    [10, 3],
    [10, 10],
  ] as const)
    assert.throws(() => new Strangers({ count, contacts, seed: 1, domain: 'd' }), RangeError);
});

test('cliques', () => {
  const people = new Cliques({ groups: 3, contacts: 4, domain: 'd' });
  assert.equal(people.count, 15);
  requireMutual(people, 4);
  assert.deepEqual(people.contactsOf(6), [5, 7, 8, 9]);
});

test('an address tells who it is', () => {
  assert.equal(personOf(`${jidOf(17, 'd')}/r`), 17);
  for (const other of ['d', 'x17@d', 'p@d', 'px@d', 'p1.5@d']) assert.equal(personOf(other), -1);
});
