import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { Recent } from '../recent.ts';
import { tailEntry } from '../testing/entries.ts';
import { isKnownEmptyAhead } from './known-empty.ts';

const USER = 'a@x' as BareJid;
const at = (sequence: number, epoch = 1): Position => ({ epoch, sequence });

test('what a session has covered is not known to be empty before it is read and written', () => {
  const recent = new Recent(1e6, 10);
  const tail = { readUpTo: 19, owners: new Set<string>(), has: (owner: string) => tail.owners.has(owner) };
  const archive = { recent, epoch: 1, tail };
  const isEmpty = (upTo = at(20), after = at(10)) => isKnownEmptyAhead(archive, USER, { after, upTo });
  assert.deepEqual([isEmpty(at(19)), isEmpty()], [true, false], 'not read');
  tail.readUpTo = 20;
  tail.owners.add(USER);
  assert.equal(isEmpty(), false, 'not written');
  tail.owners.clear();
  assert.deepEqual([isEmpty(), isEmpty(at(20), at(9)), isEmpty(at(20, 2))], [true, false, false], 'written');
  recent.add([tailEntry(USER, 15, {})], new Set());
  assert.deepEqual([isEmpty(), isEmpty(at(20), at(15))], [false, true], 'something was received');
  assert.equal(isKnownEmptyAhead({ ...archive, tail: undefined }, USER, { after: at(15), upTo: at(20) }), false);
});
