import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BareJid } from '@starling/jid';
import { RecentEntries } from './recent-entries.ts';

const jid = (n: number) => `user${n}@localhost` as BareJid;

test('the last entry in a log, for five seconds', () => {
  const entries = new RecentEntries();
  assert.equal(entries.behind(jid(1), 0), 0);
  entries.wrote(jid(1), 41, 1_000);
  entries.wrote(jid(1), 42, 2_000);
  entries.wrote(jid(2), 7, 2_000);
  assert.equal(entries.behind(jid(1), 6_999), 42);
  assert.equal(entries.behind(jid(1), 7_000), 0);
  assert.equal(entries.behind(jid(2), 3_000), 7);
  assert.equal(entries.behind(jid(3), 3_000), 0);
});

test('only so many logs are remembered: the longest unused is forgotten first', () => {
  const entries = new RecentEntries();
  for (let i = 0; i < 20; i++) entries.wrote(jid(i), i + 1, 1_000 + i);
  entries.wrote(jid(4), 99, 1_020);
  entries.wrote(jid(20), 21, 1_021);
  assert.deepEqual(
    [3, 4, 5, 6, 20].map((i) => entries.behind(jid(i), 1_021)),
    [0, 99, 0, 7, 21],
  );
});
