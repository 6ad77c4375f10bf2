import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageBehind } from './page-of-sessions.ts';

const jids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }));

test('property: pages put together are all items, in order, whatever their size', () => {
  fc.assert(
    fc.property(jids, fc.integer({ min: 1, max: 10 }), (names, limit) => {
      const items = names.map((jid) => ({ jid }));
      const seen: string[] = [];
      for (let complete = false; !complete; ) {
        const page = pageBehind(items, seen.at(-1) ?? '', limit);
        assert.ok(page.items.length <= limit);
        assert.ok(page.complete || page.items.length === limit);
        seen.push(...page.items.map(({ jid }) => jid));
        complete = page.complete;
      }
      assert.deepEqual(
        seen,
        [...names].sort((a, b) => (a < b ? -1 : 1)),
      );
    }),
  );
});

test('nothing behind the last is a complete page', () => {
  assert.deepEqual(pageBehind([{ jid: 'a' }], 'a', 5), { items: [], complete: true });
  assert.deepEqual(pageBehind([{ jid: 'a' }], '', 1), { items: [{ jid: 'a' }], complete: true });
});
