import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { RpcError } from '@starling/bus';
import { accounts, blocks, CONTACTS_USERS_MAX, rosters, type UserContacts } from '@starling/contracts';
import { heardOf, itemOf, openRosterWorld, type RosterWorld, show, until } from './testing/roster-world.ts';

let world: RosterWorld;
before(async () => {
  world = await openRosterWorld({
    STARLING_NOTICE_SWEEP: '1h',
    STARLING_ROSTER_ITEMS_MAX: '5',
    STARLING_ROSTER_GROUPS_MAX: '3',
    STARLING_ROSTER_NAME_BYTES_MAX: '64B',
    STARLING_ROSTER_TOMBSTONES_MAX: '2',
    STARLING_SUBSCRIPTION_REQUESTS_MAX: '2',
  });
});
after(() => world.stop());

let count = 0;
/** Two or more accounts that nobody else uses. */
async function people(...names: string[]): Promise<string[]> {
  count++;
  const users = names.map((name) => `${name}${count}@localhost`);
  await world.register(...users);
  return users;
}
const refused = (condition: string) => (error: unknown) =>
  error instanceof RpcError && (error.condition === condition || assert.fail(`${error.condition}, not ${condition}`));
/** What the owner of the user's presence hears. */
async function contactsOf(user: string): Promise<UserContacts> {
  const { users } = await world.ask(rosters.contacts, { users: [user] });
  return users[0] ?? assert.fail('no answer');
}
const set = (user: string, ...item: Parameters<typeof itemOf>) =>
  world.ask(rosters.set, { user, item: itemOf(...item) });
const remove = (user: string, jid: string) => set(user, jid, '', [], true);
const both = async (romeo: string, juliet: string) => {
  for (const [a, b] of [
    [romeo, juliet],
    [juliet, romeo],
  ] as const) {
    await world.send(a, 'subscribe', b);
    await world.send(b, 'subscribed', a);
  }
};

describe('RFC 6121 §2 rosters', () => {
  it('§2.1.4 an account has a roster, nobody else has', async () => {
    const [romeo = ''] = await people('romeo');
    const { version, items, difference } = await world.get(romeo);
    assert.deepEqual([version.number, items.length, difference], [0, 0, false]);
    await assert.rejects(world.get('nobody@localhost'), refused('item-not-found'));
    const { users } = await world.ask(rosters.contacts, { users: ['nobody@localhost'] });
    assert.deepEqual(
      users.map(({ exists }) => exists),
      [false],
    );
    await assert.rejects(set('nobody@localhost', 'a@b'), refused('item-not-found'));
  });

  it('§2.3, §2.4 an item is added and changed as the set says, and each change is pushed', async () => {
    const [romeo = ''] = await people('罗密欧');
    const heard = world.listen(romeo);
    await set(romeo, 'juliet@example.com', '朱丽叶', ['朋友', 'Lovers']);
    await set(romeo, 'juliet@example.com', 'J', []);
    await set(romeo, 'example.net/gateway');
    const { items, version } = await world.get(romeo);
    assert.deepEqual(
      items.map((i) => [i.jid, i.name, [...i.groups], show(i)]),
      [
        ['juliet@example.com', 'J', [], 'none'],
        ['example.net/gateway', '', [], 'none'],
      ],
    );
    assert.equal(version.number, 3);
    assert.deepEqual(
      heard.map((c) => [c.version.number, c.item?.jid, c.item?.name, [...(c.item?.groups ?? [])]]),
      [
        [1, 'juliet@example.com', '朱丽叶', ['朋友', 'Lovers']],
        [2, 'juliet@example.com', 'J', []],
        [3, 'example.net/gateway', '', []],
      ],
    );
    assert.ok(heard.every((c) => c.version.lineage === version.lineage));
  });

  it('§2.1.2.5 nothing else of the item counts', async () => {
    const [romeo = ''] = await people('romeo');
    const item = { ...itemOf('a@example.com'), subscription: 3, ask: true, approved: true } as const;
    await world.ask(rosters.set, { user: romeo, item });
    assert.equal(show(await world.item(romeo, 'a@example.com')), 'none');
  });

  const long = '长'.repeat(22);
  const cases: readonly (readonly [string, Parameters<typeof itemOf>, string])[] = [
    ['§2.3.3 duplicate groups', ['a@b', '', ['x', 'y', 'x']], 'bad-request'],
    ['§2.3.3 a name that is too long', ['a@b', long], 'not-acceptable'],
    ['§2.3.3 an empty group', ['a@b', '', ['']], 'not-acceptable'],
    ['§2.3.3 a group that is too long', ['a@b', '', [long]], 'not-acceptable'],
    ['too many groups', ['a@b', '', ['1', '2', '3', '4']], 'not-acceptable'],
    ['§2.5.3 an item that is not there', ['a@b', '', [], true], 'item-not-found'],
    ['no JID', ['A b@c'], 'jid-malformed'],
    ['a JID that is not prepared', ['Juliet@example.com'], 'jid-malformed'],
  ];
  for (const [title, item, condition] of cases) {
    it(`${title}: ${condition}, and nothing has changed`, async () => {
      const [romeo = ''] = await people('romeo');
      await assert.rejects(set(romeo, ...item), refused(condition));
      assert.equal((await world.get(romeo)).version.number, 0);
    });
  }

  it('§2.3.3, the note: nobody is his own contact', async () => {
    const [romeo = ''] = await people('romeo');
    await assert.rejects(set(romeo, romeo), refused('not-allowed'));
    await assert.rejects(world.send(romeo, 'subscribe', romeo), refused('not-allowed'));
  });

  it('a full roster takes no further item, in whichever way, and what is in it can change', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    for (let i = 0; i < 5; i++) await set(romeo, `contact${i}@example.com`);
    await assert.rejects(set(romeo, 'more@example.com'), refused('policy-violation'));
    await assert.rejects(world.send(romeo, 'subscribe', juliet), refused('policy-violation'));
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 0, 'the other side neither');
    await set(romeo, 'contact0@example.com', 'again');
    await remove(romeo, 'contact1@example.com');
    await set(romeo, 'more@example.com');
  });
});

describe('RFC 6121 §2.5 removing an item', () => {
  it('§2.5.2 a mutual subscription ends in both directions', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await both(romeo, juliet);
    const [ofRomeo, ofJuliet] = [world.listen(romeo), world.listen(juliet)];
    await remove(romeo, juliet);
    assert.deepEqual(heardOf(ofRomeo), ['→ removed']);
    assert.deepEqual(heardOf(ofJuliet), ['unsubscribe → to', 'unsubscribed → none']);
    assert.equal(show(await world.item(romeo, juliet)), '-');
    assert.equal(show(await world.item(juliet, romeo)), 'none');
  });

  it('a request of the user’s that waits is taken back: an answer would find nobody', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await world.send(romeo, 'subscribe', juliet);
    await remove(romeo, juliet);
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 0);
  });

  it('a request of the contact’s that waits still waits (§3.1.3: until it is approved or denied)', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await set(juliet, romeo);
    await world.send(romeo, 'subscribe', juliet);
    await remove(juliet, romeo);
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 1);
    await world.send(juliet, 'subscribed', romeo);
    assert.deepEqual([show(await world.item(juliet, romeo)), show(await world.item(romeo, juliet))], ['from', 'to']);
  });
});

describe('RFC 6121 §2.6 versions', () => {
  it('unchanged, a difference in order, and the whole when that is not known any more', async () => {
    const [romeo = ''] = await people('romeo');
    for (const name of ['a', 'b', 'c']) await set(romeo, `${name}@example.com`); // 1 2 3
    await set(romeo, 'a@example.com', 'A'); // 4
    await remove(romeo, 'b@example.com'); // 5
    const unchanged = await world.get(romeo, 5);
    assert.deepEqual([unchanged.difference, unchanged.items.length], [true, 0]);
    const since = await world.get(romeo, 2);
    assert.deepEqual(
      since.items.map((item, i) => [since.numbers[i], item.jid, show(item)]),
      [
        [3, 'c@example.com', 'none'],
        [4, 'a@example.com', 'none'],
        [5, 'b@example.com', 'removed'],
      ],
      'the last change of each only',
    );
    await remove(romeo, 'a@example.com'); // 6
    await remove(romeo, 'c@example.com'); // 7: the third that is removed, the first is forgotten
    assert.equal((await world.get(romeo, 4)).difference, false);
    assert.deepEqual(
      (await world.get(romeo, 5)).items.map((i) => i.jid),
      ['a@example.com', 'c@example.com'],
    );
    assert.equal((await world.get(romeo, 99)).difference, false, 'a version that has not been');
    const other = { lineage: 'another', number: 7 };
    assert.equal((await world.ask(rosters.get, { user: romeo, known: true, version: other })).difference, false);
  });

  it('an item that comes back is none that is removed', async () => {
    const [romeo = ''] = await people('romeo');
    await set(romeo, 'a@example.com', 'A');
    await remove(romeo, 'a@example.com');
    await set(romeo, 'a@example.com');
    const { items, numbers } = await world.get(romeo, 1);
    assert.deepEqual([items.map(show), numbers], [['none'], [3]]);
  });

  it('an unchanged version is answered without SQL, a changed one by one statement', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await both(romeo, juliet);
    await world.get(romeo);
    const before = world.db.statements;
    for (let i = 0; i < 10; i++) {
      const { difference, items } = await world.get(romeo, 3);
      assert.deepEqual([difference, items.length], [true, 0]);
      await world.ask(rosters.requests, { user: romeo });
    }
    assert.equal(world.db.statements, before);
    await world.ask(rosters.contacts, { users: [romeo] });
    assert.equal(world.db.statements, before + 1, 'the block list alone: it has no version');
    await set(romeo, juliet, 'J');
    await set(juliet, romeo, 'R');
    const unread = world.db.statements;
    await world.ask(rosters.contacts, { users: [romeo, juliet] });
    assert.equal(world.db.statements - unread, 2, 'both rosters, both lists');
    await set(romeo, juliet, 'Ju');
    const changed = world.db.statements;
    await world.get(romeo);
    await world.get(romeo);
    assert.equal(world.db.statements - changed, 1);
  });

  it('of many contacts of many users as many are told as an answer holds, in order', async () => {
    const users = await people('many', 'more', 'most');
    const contact = (name: string) => `${name.repeat(500)}@example.com`;
    for (const user of users)
      await world.db.query(
        `insert into roster_item (username, jid, name, groups, subscription, ask, approved, removed, changed)
           select $1, i || $2, '', '{}', 3, false, false, false, i from generate_series(1, 300) i`,
        [user, contact('c')],
      );
    const { users: answer } = await world.ask(rosters.contacts, { users: ['nobody@localhost', ...users] });
    assert.deepEqual(
      answer.map(({ exists, contacts }) => [exists, contacts.length]),
      [
        [false, 0],
        [true, 300],
      ],
    );
    const [, ...rest] = users;
    assert.equal((await world.ask(rosters.contacts, { users: rest })).users.length, 1);
    const tooMany = Array.from({ length: CONTACTS_USERS_MAX + 1 }, () => 'x@localhost');
    await assert.rejects(world.ask(rosters.contacts, { users: tooMany }), refused('bad-request'));
  });

  it('another process hears of a change; a bus that was away makes it forget all', async () => {
    const [romeo = ''] = await people('romeo');
    const second = await world.start();
    await set(romeo, 'a@example.com');
    for (let i = 0; i < 4; i++) assert.equal((await world.get(romeo)).version.number, 1); // two processes in turn
    await set(romeo, 'b@example.com');
    for (let i = 0; i < 4; i++) assert.equal((await world.get(romeo)).version.number, 2);
    const before = world.db.statements;
    world.bus.announceLoss();
    for (let i = 0; i < 2; i++) await world.get(romeo);
    assert.equal(world.db.statements - before, 2);
    await second.stop();
  });
});

describe('RFC 6121 §3 subscriptions', () => {
  it('§3.1 a request waits as it came, the first one of a contact, and makes no item', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    const [ofRomeo, ofJuliet] = [world.listen(romeo), world.listen(juliet)];
    await world.send(romeo, 'subscribe', juliet, 'first');
    await world.send(romeo, 'subscribe', juliet, 'second');
    assert.deepEqual(heardOf(ofRomeo), ['→ none ask']);
    assert.deepEqual(heardOf(ofJuliet), ['subscribe']);
    assert.equal(show(await world.item(juliet, romeo)), '-');
    assert.equal((await world.get(juliet)).version.number, 0);
    const { stanzas } = await world.ask(rosters.requests, { user: juliet });
    assert.deepEqual(stanzas.map(String).join(), stanzas.length === 1 ? String(ofJuliet[0]?.stanza) : '');
    assert.match(Buffer.from(stanzas[0] ?? []).toString(), /first/);
    assert.equal((await contactsOf(juliet)).requests, 1);
    const notice = world.notices.find((n) => n.user === juliet);
    assert.deepEqual([notice?.contact, notice?.requested, notice?.subscription], [romeo, true, 0]);
  });

  it('§3.1.5, §3.1.6 an approval: the stanza before the push, on both sides', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await world.send(romeo, 'subscribe', juliet);
    const [ofRomeo, ofJuliet] = [world.listen(romeo), world.listen(juliet)];
    await world.send(juliet, 'subscribed', romeo);
    assert.deepEqual([heardOf(ofRomeo), heardOf(ofJuliet)], [['subscribed → to'], ['→ from']]);
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 0);
    const { contacts } = await contactsOf(juliet);
    assert.deepEqual(
      contacts.map((c) => [c.jid, c.subscription]),
      [[romeo, 2]],
    );
    const last = world.notices.filter((n) => n.user === juliet).at(-1);
    assert.deepEqual([last?.requested, last?.subscription, last?.version.number], [false, 2, 1]);
  });

  it('§3.1.4 a denial, §3.2 a cancellation, §3.3 an unsubscription', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await world.send(romeo, 'subscribe', juliet);
    const [ofRomeo, ofJuliet] = [world.listen(romeo), world.listen(juliet)];
    await world.send(juliet, 'unsubscribed', romeo);
    await both(romeo, juliet);
    await world.send(juliet, 'unsubscribed', romeo);
    await world.send(juliet, 'unsubscribe', romeo);
    assert.deepEqual(heardOf(ofRomeo), [
      ...['unsubscribed → none', '→ none ask', 'subscribed → to', 'subscribe', '→ both'],
      ...['unsubscribed → from', 'unsubscribe → none'],
    ]);
    assert.deepEqual(heardOf(ofJuliet), ['subscribe', '→ from', '→ from ask', 'subscribed → both', '→ to', '→ none']);
  });

  it('§3.4 a pre-approval is noted, answers the request, and is taken back', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    const [ofRomeo, ofJuliet] = [world.listen(romeo), world.listen(juliet)];
    await world.send(juliet, 'subscribed', romeo);
    assert.deepEqual([heardOf(ofRomeo), heardOf(ofJuliet)], [[], ['→ none approved']]);
    await world.send(romeo, 'subscribe', juliet);
    assert.deepEqual(heardOf(ofRomeo), ['→ none ask', 'subscribed → to']);
    assert.deepEqual(heardOf(ofJuliet).slice(1), ['→ from approved']);
    assert.match(Buffer.from(ofRomeo[1]?.stanza ?? []).toString(), new RegExp(`to="${romeo}" from="${juliet}"`));
    await world.send(juliet, 'unsubscribed', romeo);
    assert.equal(show(await world.item(juliet, romeo)), 'none');
  });

  it('§8.5.1 nobody there: only the user’s side, and nobody is told', async () => {
    const [romeo = ''] = await people('romeo');
    await world.send(romeo, 'subscribe', 'nobody@localhost');
    assert.equal(show(await world.item(romeo, 'nobody@localhost')), 'none ask');
    await assert.rejects(world.send('nobody@localhost', 'subscribe', romeo), refused('item-not-found'));
    assert.equal((await world.ask(rosters.requests, { user: romeo })).stanzas.length, 0);
  });

  it('what is no such stanza is refused', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await assert.rejects(world.send(romeo, 'probe', juliet), refused('bad-request'));
    await assert.rejects(world.send(romeo, 'subscribe', `${juliet}/phone`), refused('jid-malformed'));
    await assert.rejects(world.send(romeo, 'subscribe', juliet, 'x'.repeat(20_000)), refused('not-acceptable'));
  });

  it('§3.1.3, security warning: of more requests than are kept the contact does not hear', async () => {
    const [juliet = '', ...suitors] = await people('juliet', 'a', 'b', 'c');
    const heard = world.listen(juliet);
    for (const suitor of suitors) await world.send(suitor, 'subscribe', juliet);
    assert.deepEqual(heardOf(heard), ['subscribe', 'subscribe']);
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 2);
    assert.equal(show(await world.item(suitors[2] ?? '', juliet)), 'none ask');
  });
});

describe('XEP-0191 a contact has blocked the user', () => {
  it('§3.2 he does not hear of a request, and gives no answer', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await world.ask(blocks.change, { user: juliet, block: [romeo], unblock: [], unblockAll: false });
    const heard = world.listen(juliet);
    await world.send(romeo, 'subscribe', juliet);
    assert.deepEqual([heardOf(heard), show(await world.item(romeo, juliet))], [[], 'none ask']);
    assert.equal((await world.ask(rosters.requests, { user: juliet })).stanzas.length, 0);
    assert.deepEqual((await contactsOf(juliet)).blocked, [romeo]);
  });

  it('what ends a subscription counts', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await both(romeo, juliet);
    await world.ask(blocks.change, { user: juliet, block: [romeo], unblock: [], unblockAll: false });
    await world.send(romeo, 'unsubscribe', juliet);
    assert.equal(show(await world.item(juliet, romeo)), 'to');
  });
});

describe('the services are told', () => {
  it('of whom something else is known now', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    const known = [
      { user: romeo, version: (await world.get(romeo)).version },
      { user: juliet, version: (await world.get(juliet)).version },
      { user: 'nobody@localhost', version: { lineage: 'x', number: 1 } },
    ];
    await set(juliet, romeo);
    const { changed } = await world.ask(rosters.contactsSince, { known });
    assert.deepEqual([...changed], [juliet, 'nobody@localhost']);
  });
});

describe('an account is removed', () => {
  it('its contacts lose it as if it had unsubscribed, and somebody else of that name begins anew', async () => {
    const [romeo = '', juliet = '', nurse = '', tybalt = '', paris = ''] = await people('r', 'j', 'n', 't', 'p');
    await both(romeo, juliet);
    await world.send(nurse, 'subscribed', romeo); // a pre-approval
    await world.send(tybalt, 'subscribe', romeo); // waits for him
    await world.send(romeo, 'subscribe', paris); // waits for the other
    const { lineage } = (await world.get(romeo)).version;
    const ofJuliet = world.listen(juliet);
    await world.ask(accounts.remove, { user: romeo });
    await assert.rejects(world.get(romeo), refused('item-not-found'));
    assert.ok(world.notices.some((n) => n.user === romeo && n.deleted));
    await until('all have heard', async () => show(await world.item(nurse, romeo)) === 'none');
    await world.register(romeo);
    assert.deepEqual(heardOf(ofJuliet), ['unsubscribe → to', 'unsubscribed → none']);
    for (const user of [juliet, nurse, tybalt]) assert.equal(show(await world.item(user, romeo)), 'none', user);
    assert.equal((await world.ask(rosters.requests, { user: paris })).stanzas.length, 0);

    const fresh = await world.get(romeo);
    assert.deepEqual([fresh.items.length, fresh.version.number], [0, 0]);
    assert.notEqual(fresh.version.lineage, lineage);
    assert.equal((await world.ask(rosters.requests, { user: romeo })).stanzas.length, 0);
    await world.send(romeo, 'subscribe', nurse);
    assert.equal(show(await world.item(romeo, nurse)), 'none ask', 'the old approval is not his');
  });

  it('who registers the name at once waits until the contacts know', async () => {
    const [romeo = '', ...contacts] = await people('romeo', 'a', 'b', 'c', 'd');
    for (const contact of contacts) await both(romeo, contact);
    await world.ask(accounts.remove, { user: romeo });
    await world.register(romeo);
    for (const contact of contacts) assert.equal(show(await world.item(contact, romeo)), 'none');
  });

  it('a crash before the contacts know is made good by the next start', async () => {
    const [romeo = '', juliet = ''] = await people('romeo', 'juliet');
    await both(romeo, juliet);
    await world.db.query('insert into roster_farewell (username) values ($1)', [romeo]);
    await world.db.query('delete from account where username = $1', [romeo]);
    const again = await world.start();
    await until('she has heard', async () => show(await world.item(juliet, romeo)) === 'none');
    await again.stop();
  });
});
