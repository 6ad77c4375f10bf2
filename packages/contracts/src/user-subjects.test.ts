import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BareJid } from '@starling/jid';
import { partitionOf } from './partition.ts';
import { tokenOf } from './token.ts';
import { subjectsOf } from './user-subjects.ts';

test('are the same before and after they are forgotten, for more users than are kept', () => {
  const users = Array.from({ length: 5_000 }, (_, i) => `пользователь.${i}@example.com` as BareJid);
  for (let pass = 0; pass < 2; pass++)
    for (const user of users) {
      const tail = `${partitionOf(user)}.${tokenOf(user)}`;
      assert.deepEqual(subjectsOf(user), { partition: partitionOf(user), log: `m.${tail}`, live: `u.${tail}` });
    }
});
