import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SUBSCRIPTION, type Subscription } from '@starling/contracts';
import { Blocks } from './blocks.ts';
import { Contacts } from './contacts.ts';

const JULIET = 'juliet@example.com';
const { none, to, from, both } = SUBSCRIPTION;
const make = (states: Readonly<Record<string, Subscription>>, blocked: readonly string[] = [], number = 1) =>
  new Contacts({
    version: { lineage: 'l', number },
    contacts: Object.entries(states).map(([jid, subscription]) => ({ jid, subscription })),
    blocked,
  });
const notice = (contact: string, subscription: Subscription, number: number, lineage = 'l') => ({
  user: JULIET,
  version: { lineage, number },
  contact,
  subscription,
  requested: false,
  blocks: false,
  deleted: false,
});

// XEP-0191 §2: [block list, JID, blocked].
const BLOCKED: readonly (readonly [string, string, boolean])[] = [
  ['romeo@example.com', 'romeo@example.com', true],
  ['romeo@example.com', 'romeo@example.com/orchard', true],
  ['romeo@example.com/orchard', 'romeo@example.com/orchard', true],
  ['romeo@example.com/orchard', 'romeo@example.com/street', false],
  ['romeo@example.com/orchard', 'romeo@example.com', false],
  ['example.com', 'romeo@example.com/orchard', true],
  ['example.com', 'example.com', true],
  ['example.com/x', 'romeo@example.com/x', true],
  ['example.com/x', 'romeo@example.com/y', false],
  ['example.com', 'romeo@other.example.com', false],
];
for (const [list, jid, expected] of BLOCKED)
  test(`${jid} is ${expected ? '' : 'not '}blocked by ${list}`, () => {
    assert.equal(new Blocks([list]).has(jid), expected);
  });

test('who watches, and who is watched, less whom he has blocked', () => {
  const contacts = make({ 'a@x': both, 'b@x': from, 'c@x': to, 'd@x': none, 'e@x': both, 'f@y': both }, ['e@x', 'y']);
  assert.deepEqual(contacts.watchers(), ['a@x', 'b@x']);
  assert.deepEqual(contacts.watched(), ['a@x', 'c@x']);
  assert.equal(contacts.isWatchedBy('b@x/r'), true);
  assert.equal(contacts.isWatchedBy('c@x/r'), false);
  assert.equal(contacts.isWatchedBy('f@y/r'), false);
});

test('groups are made once for each version of the membership, and once for both ways where these are the same', () => {
  const made: (readonly string[])[] = [];
  const makeAt = (generation: number) => (jids: readonly string[]) => {
    made.push(jids);
    return { generation, groups: [{ node: '', jids }] };
  };
  const mutual = make({ 'a@x': both, 'b@x': none, 'c@x': both, 'd@x': both }, ['d@x']);
  for (const generation of [1, 1, 2]) {
    assert.deepEqual(mutual.watcherGroups(makeAt(generation), generation), [{ node: '', jids: ['a@x', 'c@x'] }]);
    assert.deepEqual(mutual.watchedGroups(makeAt(generation), generation), [{ node: '', jids: ['a@x', 'c@x'] }]);
  }
  assert.equal(made.length, 2);
  // Those whom he sees are asked for first, in a version of their own.
  assert.deepEqual(mutual.watchedGroups(makeAt(3), 3), [{ node: '', jids: ['a@x', 'c@x'] }]);
  assert.equal(made.length, 3);
  mutual.apply(notice('c@x', from, 2));
  assert.deepEqual(mutual.watcherGroups(makeAt(3), 3), [{ node: '', jids: ['a@x', 'c@x'] }]);
  assert.deepEqual(mutual.watchedGroups(makeAt(3), 3), [{ node: '', jids: ['a@x'] }]);
});

test('a notice changes one contact; the next version only', () => {
  const contacts = make({ 'a@x': to });
  assert.deepEqual(contacts.apply(notice('a@x', both, 2))?.watchersGained, ['a@x']);
  assert.equal(contacts.knows(notice('a@x', both, 2)), true);
  assert.deepEqual(contacts.apply(notice('a@x', none, 3))?.watchersLost, ['a@x']);
  assert.equal(contacts.apply(notice('b@x', both, 5)), undefined);
  assert.equal(contacts.apply(notice('b@x', both, 4, 'other')), undefined);
  assert.deepEqual(contacts.watchers(), []);
});

test('a notice about somebody blocked shows nothing', () => {
  const difference = make({}, ['a@x']).apply(notice('a@x', both, 2));
  assert.deepEqual(difference, { watchersGained: [], watchersLost: [], watchedGained: [] });
});

test('the difference between two readings', () => {
  const before = make({ 'a@x': both, 'b@x': both, 'c@x': from });
  const after = make({ 'a@x': both, 'c@x': both, 'd@x': from }, ['b@x'], 9);
  assert.deepEqual(before.differenceTo(after), {
    watchersGained: ['d@x'],
    watchersLost: ['b@x'],
    watchedGained: ['c@x'],
  });
});
