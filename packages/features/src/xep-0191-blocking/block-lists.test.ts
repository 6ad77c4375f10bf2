import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BlockList } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import fc from 'fast-check';
import { BlockLists } from './block-lists.ts';

const ROMEO = 'romeo@localhost' as BareJid;
const list = (version: number, ...jids: string[]): BlockList => ({ version, jids, cleared: false });

describe('block lists', () => {
  it('are read once for all sessions of a user, and forgotten with the last', async () => {
    let reads = 0;
    const lists = new BlockLists(async () => list(++reads, 'a'));
    await Promise.all([lists.hold(ROMEO), lists.hold(ROMEO)]);
    assert.equal(lists.hold(ROMEO), undefined, 'it is there');
    assert.deepEqual([reads, [...lists.now(ROMEO)]], [1, ['a']]);
    for (let i = 0; i < 3; i++) lists.release(ROMEO);
    assert.equal(lists.size, 0);
    await lists.hold(ROMEO);
    assert.equal(reads, 2);
  });

  it('without one nothing passes: not before it is there, not when it cannot be read', async () => {
    let isAway = true;
    const lists = new BlockLists(async () => {
      if (isAway) throw new Error('away');
      return list(1, 'a');
    });
    assert.throws(() => lists.now(ROMEO));
    await assert.rejects(lists.hold(ROMEO) ?? Promise.resolve(), /away/);
    assert.throws(() => lists.now(ROMEO));
    assert.throws(() => lists.logged(ROMEO));
    isAway = false;
    await lists.hold(ROMEO);
    assert.deepEqual([...lists.logged(ROMEO)], ['a']);
  });

  it('what the service says counts at once, for the log in its turn', async () => {
    const lists = new BlockLists(async () => list(0));
    await lists.hold(ROMEO);
    lists.learn(ROMEO, list(2, 'a', 'b'));
    assert.deepEqual([[...lists.now(ROMEO)], [...lists.logged(ROMEO)]], [['a', 'b'], []]);
    assert.deepEqual(lists.entry(ROMEO, list(1, 'a')), { cleared: false, unblocked: [], blocked: ['a'] });
    assert.deepEqual([[...lists.now(ROMEO)], [...lists.logged(ROMEO)]], [['a', 'b'], ['a']]);
    assert.deepEqual(lists.entry(ROMEO, list(2, 'a', 'b')), { cleared: false, unblocked: [], blocked: ['b'] });
    assert.equal(lists.entry(ROMEO, list(2, 'a', 'b')), undefined, 'it comes twice');
    assert.equal(lists.entry(ROMEO, list(1, 'a')), undefined);
  });

  it('§3.5 all at once is said as such, when there was anything', async () => {
    const lists = new BlockLists(async () => list(1, 'a'));
    await lists.hold(ROMEO);
    const cleared = (version: number) => ({ version, jids: [], cleared: true });
    assert.deepEqual(lists.entry(ROMEO, cleared(2)), { cleared: true, unblocked: [], blocked: [] });
    assert.deepEqual(lists.entry(ROMEO, cleared(3)), { cleared: false, unblocked: [], blocked: [] });
  });

  it('an entry that comes while the list is read is not taken back by it', async () => {
    let answer: (read: BlockList) => void = () => undefined;
    const lists = new BlockLists(() => new Promise((resolve) => (answer = resolve)));
    const held = lists.hold(ROMEO);
    assert.equal(lists.entry(ROMEO, list(5, 'new')), undefined);
    answer(list(4, 'old'));
    await held;
    assert.deepEqual([[...lists.now(ROMEO)], [...lists.logged(ROMEO)]], [['new'], ['new']]);
  });

  it('property: the changes of entries, some of them missed, lead from the first list to the last', async () => {
    const jids = fc.uniqueArray(fc.constantFrom<string>('a', 'b', 'c', 'd'));
    const step = fc.record({ jids, missed: fc.boolean(), cleared: fc.boolean() }, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(jids, fc.array(step), async (first, steps) => {
        const lists = new BlockLists(async () => list(1, ...first));
        await lists.hold(ROMEO);
        const shown = new Set<string>(first);
        steps.forEach((s, i) => {
          if (s.missed) return;
          const entry = { version: i + 2, jids: s.cleared ? [] : s.jids, cleared: s.cleared };
          const change = lists.entry(ROMEO, entry);
          assert.ok(change);
          if (change.cleared) shown.clear();
          for (const jid of change.unblocked) shown.delete(jid);
          for (const jid of change.blocked) shown.add(jid);
          assert.deepEqual([...shown].sort(), [...entry.jids].sort());
        });
      }),
    );
  });
});
