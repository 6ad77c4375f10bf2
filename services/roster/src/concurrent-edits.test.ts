import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type RosterChange, rosters } from '@starling/contracts';
import { Postgres } from '@starling/local-servers/postgres';
import { itemOf, openRosterWorld, type RosterWorld, show } from './testing/roster-world.ts';

const EDITS = 1_000;
const CONTACTS = 20;

/** A roster as somebody has it who only reads the pushes. */
function pushed(changes: readonly RosterChange[]): string[] {
  const items = new Map<string, string>();
  for (const { item } of [...changes].sort((a, b) => a.version.number - b.version.number)) {
    if (item == null) continue;
    if (item.removed) items.delete(item.jid);
    else items.set(item.jid, `${item.jid} ${item.name} ${show(item)}`);
  }
  return [...items.values()].sort();
}

describe('two processes edit on one PostgreSQL', () => {
  let server: Postgres;
  let world: RosterWorld;
  before(async () => {
    server = await Postgres.start();
    world = await openRosterWorld({}, server.url(await server.createDatabase()));
    await world.start();
  });
  after(async () => {
    await world.stop();
    await server.stop();
  });

  it(`${EDITS} edits of one roster at once: no version twice, none missing, and all read the same`, async () => {
    const user = 'romeo@localhost';
    await world.register(user);
    const heard = world.listen(user);
    const edit = (i: number) => {
      const jid = `contact${i % CONTACTS}@example.com`;
      return world.ask(rosters.set, { user, item: itemOf(jid, `name ${i}`, [], i % 7 === 6) });
    };
    const outcomes = await Promise.allSettled(Array.from({ length: EDITS }, (_, i) => edit(i)));
    const done = outcomes.filter((o) => o.status === 'fulfilled').length;
    assert.ok(done > EDITS / 2, `${done} edits: some removals find nothing to remove`);
    const { number } = (await world.get(user)).version;

    assert.deepEqual(
      heard.map((c) => c.version.number).sort((a, b) => a - b),
      Array.from({ length: number }, (_, i) => i + 1),
    );
    const replies = await Promise.all(Array.from({ length: 4 }, () => world.get(user))); // both processes in turn
    for (const { version, items } of replies) {
      assert.equal(version.number, number);
      assert.deepEqual(items.map((i) => `${i.jid} ${i.name} ${show(i)}`).sort(), pushed(heard));
    }
  });

  it('subscriptions among a few users, all at once, from both processes: nobody deadlocks, both sides agree', async () => {
    const users = ['a', 'b', 'c', 'd'].map((name) => `${name}@localhost`);
    await world.register(...users);
    const types = ['subscribe', 'subscribed', 'unsubscribe', 'subscribe', 'unsubscribed', 'subscribed', 'subscribe'];
    const jobs = Array.from({ length: 400 }, (_, i) => {
      const from = users[i % 4] ?? '';
      const to = users[(i + 1 + (i % 3)) % 4] ?? '';
      return world.send(from, types[i % types.length] ?? '', to);
    });
    await Promise.all(jobs);
    for (const a of users) {
      for (const b of users) {
        if (a === b) continue;
        const [ofA, ofB] = [await world.item(a, b), await world.item(b, a)];
        assert.equal(((ofA?.subscription ?? 0) & 1) !== 0, ((ofB?.subscription ?? 0) & 2) !== 0, `${a} ${b}`);
      }
    }
  });
});
