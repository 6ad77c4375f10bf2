import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COPY } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { judge, type OwnerState } from './judge.ts';
import type { TailEntry } from './tail-entry.ts';
import { type EntryOptions, tailEntry } from './testing/entries.ts';

const OWNER = 'alice@example.com' as BareJid;
const STATE: OwnerState = { exists: true, blocked: [], preferences: undefined, isOverQuota: false };

const entries = (...all: EntryOptions[]): readonly TailEntry[] =>
  all.map((options, i) => tailEntry(OWNER, i + 1, options));
const kept = (state: Partial<OwnerState>) =>
  judge(
    { ...STATE, ...state },
    entries({ id: 'received' }, { id: 'sent', copy: COPY.sent }, { id: 'self', copy: COPY.self }),
  ).entries.map(({ id }) => id);

test('what the writer refuses is not shown before', () => {
  assert.deepEqual(kept({}), ['received', 'sent', 'self']);
  assert.deepEqual(kept({ isOverQuota: true }), ['sent', 'self']);
  assert.deepEqual(kept({ blocked: ['sender@example.com'] }), ['sent', 'self']);
  assert.deepEqual(kept({ exists: false }), []);
});
