import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { RosterItem, RosterReply, RosterVersion } from '@starling/contracts';
import fc from 'fast-check';
import { ClientRoster, type Push } from './client-roster.ts';

const EARLY_MAX = 64;
const lineage = 'x';
const at = (number: number): RosterVersion => ({ lineage, number });
const itemOf = (jid: string, name: string, removed = false): RosterItem => ({
  ...{ jid, name, groups: [], subscription: 0, ask: false, approved: false, removed },
});
const change = (number: number) => [at(number), itemOf('a@b', String(number))] as const;
const numbers = (pushes: readonly Push[]) => pushes.map((p) => p.version?.number);

describe('what a client gets of its roster', () => {
  it('nothing before it has the answer, then what comes behind it', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.ask();
    assert.deepEqual(
      [1, 2, 3].flatMap((n) => numbers(roster.offer(...change(n)))),
      [],
    );
    assert.deepEqual(numbers(roster.answered(at(2))), [3]);
    assert.equal(roster.isBehind, false);
  });

  it('a change that it has is dropped, one that comes early waits for its turn', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.answered(at(5));
    assert.deepEqual(numbers(roster.offer(...change(5))), []);
    assert.deepEqual(numbers(roster.offer(...change(7))), []);
    assert.equal(roster.isBehind, true);
    assert.deepEqual(numbers(roster.offer(...change(6))), [6, 7]);
    assert.equal(roster.isBehind, false);
  });

  it('of changes that come early so many are kept, of more the difference is fetched', () => {
    const roster = new ClientRoster(2);
    roster.answered(at(1));
    for (const number of [3, 4, 5]) assert.deepEqual(numbers(roster.offer(...change(number))), []);
    const reply = { version: at(2), difference: true, items: [itemOf('a@b', '2')], numbers: [2] };
    assert.deepEqual(numbers(roster.catchUp(reply)), [2, 3, 4]);
    assert.equal(roster.isBehind, true);
  });

  it('RFC 6121 §2.6.3 a difference: the versions that it made, then what came early', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.answered(at(1));
    roster.offer(...change(9));
    const items = [itemOf('a@b', 'a'), itemOf('c@d', '', true)];
    const reply: RosterReply = { version: at(8), difference: true, items, numbers: [3, 8] };
    assert.deepEqual(numbers(roster.catchUp(reply)), [3, 8, 9]);
    assert.deepEqual(numbers(roster.catchUp(reply)), [], 'once');
    assert.equal(roster.isBehind, false);
  });

  it('an answer from before what it has been told: it is behind until a later one comes', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.offer(...change(1));
    roster.answered(at(0));
    assert.deepEqual([roster.version?.number, roster.isBehind], [1, false], 'it came early and was kept');
    roster.offer(...change(3));
    roster.catchUp({ version: at(1), difference: true, items: [], numbers: [] });
    assert.equal(roster.isBehind, true);
  });

  it('the whole where a difference is not known any more: all items, the version with the last', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.answered(at(1));
    const items = [itemOf('a@b', 'a'), itemOf('c@d', 'c')];
    const pushes = roster.catchUp({ version: at(500), difference: false, items, numbers: [] });
    assert.deepEqual(numbers(pushes), [undefined, 500]);
  });

  it('an answer that was an error: it has what it had', () => {
    const roster = new ClientRoster(EARLY_MAX);
    roster.answered(at(4));
    roster.ask();
    roster.offer(...change(5));
    assert.deepEqual(numbers(roster.answered(undefined)), [5]);
  });
});

describe('however changes come in', () => {
  const edits = fc.array(fc.record({ jid: fc.constantFrom('a@b', 'c@d', 'e@f'), removed: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  });

  it('each version once and in order; after a repair the client has what the server has', () => {
    fc.assert(
      fc.property(edits, fc.infiniteStream(fc.nat()), fc.nat(), (made, random, start) => {
        const history = made.map(({ jid, removed }, i) => itemOf(jid, String(i + 1), removed));
        const known = start % (history.length + 1);
        const roster = new ClientRoster(EARLY_MAX);
        const got: Push[] = [];
        const incoming = history.map((item, i) => ({ number: i + 1, item }));
        const shuffled = incoming
          .flatMap((c) => Array.from({ length: (random.next().value ?? 0) % 3 }, () => c)) // lost, once, twice
          .map((c) => ({ c, order: c.number * 3 + ((random.next().value ?? 0) % 12) }))
          .sort((a, b) => a.order - b.order);
        roster.ask();
        for (const [i, { c }] of shuffled.entries()) {
          if (i === 2) got.push(...roster.answered(at(known)));
          got.push(...roster.offer(at(c.number), c.item));
        }
        if (shuffled.length < 3) got.push(...roster.answered(at(known)));
        const has = roster.version?.number ?? 0;
        got.push(...roster.catchUp(differenceSince(history, has)));

        const versions = numbers(got).map((n) => n ?? 0);
        assert.deepEqual(
          versions,
          [...new Set(versions)].sort((a, b) => a - b),
        );
        assert.ok(versions.every((n) => n > known));
        const start0 = apply(new Map(), history.slice(0, known));
        assert.deepEqual(
          apply(
            start0,
            got.map((p) => p.item),
          ),
          apply(new Map(), history),
        );
        assert.equal(roster.isBehind, false);
      }),
    );
  });
});

function apply(roster: Map<string, string>, items: readonly RosterItem[]): Map<string, string> {
  for (const { jid, name, removed } of items) {
    roster.delete(jid);
    if (!removed) roster.set(jid, name);
  }
  return new Map([...roster].sort());
}

function differenceSince(history: readonly RosterItem[], known: number): RosterReply {
  const last = new Map(history.map((item, i) => [item.jid, { item, number: i + 1 }]));
  const changed = [...last.values()].filter((c) => c.number > known).sort((a, b) => a.number - b.number);
  const version = at(history.length);
  return { version, difference: true, items: changed.map((c) => c.item), numbers: changed.map((c) => c.number) };
}
