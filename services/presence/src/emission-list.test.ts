import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Emission } from '@starling/contracts';
import { EmissionList } from './emission-list.ts';

const emission = (from: string, stamp: number, of: Partial<Emission> = {}): Emission => ({
  from,
  stamp,
  unavailable: false,
  presence: new Uint8Array(0),
  to: ['nurse@example.com'],
  toSeen: false,
  always: false,
  ...of,
});
const told = (list: EmissionList) => list.take().map(({ from, stamp }) => `${from} ${stamp}`);

test('a newer presence takes the place of the older, behind what came in between', () => {
  const list = new EmissionList();
  assert.equal(list.push(emission('a/1', 1)), 'added');
  list.push(emission('b/1', 1));
  assert.equal(list.push(emission('a/1', 2)), 'replaced');
  assert.equal(list.length, 2);
  assert.deepEqual(told(list), ['b/1 1', 'a/1 2']);
  assert.deepEqual(told(list), []);
});

test('for other addressees, or for whoever has seen it, it is another one', () => {
  const list = new EmissionList();
  list.push(emission('a/1', 1));
  list.push(emission('a/1', 2, { to: ['romeo@example.com'] }));
  list.push(emission('a/1', 3, { toSeen: true }));
  list.push(emission('a/1', 4));
  assert.deepEqual(told(list), ['a/1 2', 'a/1 3', 'a/1 4']);
});

test('what somebody wants in any case he gets in any case', () => {
  const list = new EmissionList();
  list.push(emission('a/1', 1, { always: true }));
  list.push(emission('a/1', 2));
  assert.deepEqual(
    list.take().map(({ stamp, always }) => [stamp, always]),
    [[2, true]],
  );
});

test('the same presence for several resources goes as one; what is for bare JIDs keeps its addressees', () => {
  const list = new EmissionList();
  const presence = Buffer.from('/>');
  const first = emission('a/1', 1, { presence, to: ['nurse@example.com/r'] });
  list.push(first);
  list.push(emission('b/1', 1, { presence, to: ['x@example.com/r'] }));
  assert.equal(list.push(emission('a/1', 1, { presence, to: ['romeo@example.com/r'] })), 'joined');
  assert.equal(list.push(emission('a/1', 1, { presence, to: ['tybalt@example.com/r'] })), 'joined');
  assert.equal(list.push(emission('a/1', 1, { presence, to: ['romeo@example.com/r'], always: true })), 'added');
  assert.deepEqual(
    list.take().map(({ from, to }) => `${from} ${to}`),
    [
      'a/1 nurse@example.com/r,romeo@example.com/r,tybalt@example.com/r',
      'b/1 x@example.com/r',
      'a/1 romeo@example.com/r',
    ],
  );
  assert.deepEqual(first.to, ['nurse@example.com/r'], 'whose list it was may use it again');
  list.push(first);
  assert.equal(list.push(emission('a/1', 2, { presence, to: ['romeo@example.com/r'] })), 'added');
  assert.equal(list.push(emission('a/1', 1, { presence, to: ['romeo@example.com/r'] })), 'replaced');
  list.take();
  list.push(emission('a/1', 1, { presence }));
  assert.equal(list.push(emission('a/1', 1, { presence, to: ['romeo@example.com'] })), 'added');
  assert.equal(list.push(emission('a/1', 2, { presence })), 'replaced');
});
