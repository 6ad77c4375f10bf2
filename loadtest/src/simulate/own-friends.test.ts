import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OwnFriends } from './own-friends.ts';
import { Population } from './population.ts';

test('whom of those who are simulated everybody else sees', () => {
  const isSimulated = (partition: number) => partition % 8 === 0;
  const population = new Population({ users: 500, contacts: 10, seed: 3, isSimulated });
  const found = new OwnFriends(population);
  let pairs = 0;
  for (let person = 0; person < 500; person++) {
    assert.equal(found.isOwn(person), population.isOwn(person));
    const wanted = population.isOwn(person) ? [] : population.friends(person).filter((f) => population.isOwn(f));
    assert.deepEqual([...found.of(person)].sort(), wanted.toSorted());
    pairs += wanted.length;
  }
  assert.ok(pairs > 100);
});
