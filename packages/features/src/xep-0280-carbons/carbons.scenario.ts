import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, childOf, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

const NS = {
  carbons: 'urn:xmpp:carbons:2',
  forward: 'urn:xmpp:forward:0',
  disco: 'http://jabber.org/protocol/disco#info',
  stanzaId: 'urn:xmpp:sid:0',
} as const;

/** Enables carbons, and waits until the edges of these others know: they hear a presence behind it. */
async function enable(client: Client, ...others: readonly Client[]): Promise<void> {
  const answer = await client.iq('set', '', `<enable xmlns='${NS.carbons}'/>`);
  assert.equal(answer.attrs.type, 'result');
  await client.sends`<presence><status>copies</status></presence>`;
  for (const other of new Set([client, ...others]))
    await other.receives`<presence from='${client.jid}'><status>copies</status></presence>`;
}

const forwardedIn = (element: Element): Element | undefined => {
  const carbon = childOf(element, 'sent', NS.carbons) ?? childOf(element, 'received', NS.carbons);
  return childOf(childOf(carbon, 'forwarded', NS.forward), 'message');
};

scenario('XEP-0280 §3 is told by server and account', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  for (const to of [world.domain, romeo.jid]) {
    const info = await home.iq('get', to, `<query xmlns='${NS.disco}'/>`);
    const vars = (childOf(info, 'query', NS.disco)?.children ?? []).map((c) =>
      typeof c === 'string' ? '' : c.attrs.var,
    );
    assert.ok(vars.includes(NS.carbons) && vars.includes('urn:xmpp:carbons:rules:0'), to);
  }
});

scenario('XEP-0280 §7, §8 all devices get both sides of a chat', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone, old] = await romeo.devices('home', 'phone', 'old');
  const [balcony] = await juliet.devices('balcony');
  await enable(phone);
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>soft</body></message>`;
  await balcony.receives`<message id='m1'><body>soft</body></message>`;
  await phone.receives`<message from='${romeo.jid}' to='${phone.jid}' type='chat'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message from='${home.jid}' to='${juliet.jid}' type='chat' id='m1' xmlns='jabber:client'><body>soft</body></message></forwarded></sent></message>`;
  await balcony.sends`<message to='${home.jid}' type='chat' id='m2'><body>ay me</body></message>`;
  await home.receives`<message id='m2'/>`;
  await phone.receives`<message from='${romeo.jid}' to='${phone.jid}' type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message from='${balcony.jid}' to='${home.jid}' id='m2' xmlns='jabber:client'><body>ay me</body></message></forwarded></received></message>`;
  // Who gets the message itself gets no copy; who has not enabled them, and who has sent it, none either.
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='m3'><body>all</body></message>`;
  for (const device of [home, phone, old]) await device.receives`<message id='m3'><body>all</body></message>`;
  await phone.sends`<message to='${juliet.jid}' type='chat' id='m4'><body>mine</body></message>`;
  await balcony.receives`<message id='m4'/>`;
  for (const device of [home, phone, old]) await device.receivesNothing();
});

scenario(
  'XEP-0280 §5, §10.1 disabled again, as often as anybody likes',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony] = await juliet.devices('balcony');
    for (const name of ['enable', 'enable', 'disable', 'disable', 'enable', 'disable']) {
      const answer = await phone.iq('set', romeo.jid, `<${name} xmlns='${NS.carbons}'/>`);
      assert.equal(answer.attrs.type, 'result');
    }
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body></message>`;
    await balcony.receives`<message id='m1'/>`;
    await phone.receivesNothing();
    await phone.sends`<iq type='set' id='e1' to='${juliet.jid}'><enable xmlns='urn:xmpp:carbons:2'/></iq>`;
    await phone.receives`<iq type='error' id='e1'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  },
);

scenario('XEP-0280 §7 a device of negative priority has copies', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  const [balcony] = await juliet.devices('balcony');
  await enable(phone);
  await phone.sends`<presence><priority>-1</priority></presence>`;
  await home.receives`<presence from='${phone.jid}'><priority>-1</priority></presence>`;
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='m1'><body>hark</body></message>`;
  await home.receives`<message id='m1'/>`;
  await phone.receives`<message><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message id='m1' xmlns='jabber:client'/></forwarded></received></message>`;
  await phone.receivesNothing();
});

scenario(
  'XEP-0280 §9, XEP-0334 §4.3 what is private is not copied, and stays so',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await enable(phone);
    await enable(garden);
    await home.sends`<message to='${balcony.jid}' type='chat' id='p1'><body>x</body><private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/></message>`;
    await balcony.receives`<message id='p1'><body>x</body><private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/></message>`;
    await home.sends`<message to='${balcony.jid}' type='chat' id='p2'><body>x</body><no-copy xmlns='urn:xmpp:hints'/></message>`;
    await balcony.receives`<message id='p2'/>`;
    await home.sends`<message to='${balcony.jid}' type='chat' id='p3'><composing xmlns='http://jabber.org/protocol/chatstates'/><private xmlns='urn:xmpp:carbons:2'/></message>`;
    await balcony.receives`<message id='p3'/>`;
    for (const device of [phone, garden]) await device.receivesNothing();
  },
);

scenario('XEP-0280 §6.1 by kind of message', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  const [balcony] = await juliet.devices('balcony');
  await enable(phone, home);
  await balcony.ping();
  const kinds = [
    [`<message type='chat' id='c1'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`, true],
    [`<message id='c2'><body>normal</body></message>`, true],
    [`<message id='c3'><x xmlns='urn:example:other'/></message>`, false],
    [`<message id='c4'><received xmlns='urn:xmpp:receipts' id='m'/></message>`, true],
    [`<message id='c5'><displayed xmlns='urn:xmpp:chat-markers:0' id='m'/></message>`, true],
    [`<message type='headline' id='c6'><body>news</body></message>`, false],
    [`<message type='chat' id='c7'><body>psst</body><no-store xmlns='urn:xmpp:hints'/></message>`, true],
    [`<message id='c8'><x xmlns='jabber:x:conference' jid='coven@chat.example'/></message>`, true],
    [
      `<message type='chat' id='c9'><body>to an occupant</body><x xmlns='http://jabber.org/protocol/muc#user'/></message>`,
      true,
    ],
  ] as const;
  for (const [message] of kinds) {
    home.sendXml(message.replace('<message', `<message to='${balcony.jid}'`));
    await balcony.receive(`<message id='${/id='(\w+)'/.exec(message)?.[1]}'/>`);
  }
  const sent: string[] = kinds.flatMap(([message, copied]) => (copied ? [/id='(\w+)'/.exec(message)?.[1] ?? ''] : []));
  const copies = await phone.messages(sent.length);
  assert.deepEqual(copies.map((copy) => forwardedIn(copy)?.attrs.id).sort(), sent);
  await phone.receivesNothing();
  // The other way round: what an occupant of a room sends, the room sends to all of his clients.
  for (const [message] of kinds) balcony.sendXml(message.replace('<message', `<message to='${home.jid}'`));
  await home.messages(kinds.length);
  const received = sent.filter((id) => id !== 'c9');
  assert.deepEqual((await phone.messages(received.length)).map((copy) => forwardedIn(copy)?.attrs.id).sort(), received);
  await phone.receivesNothing();
});

scenario('XEP-0280 §6.1, §10.3 errors', { edges: [1, 3] }, async ({ romeo, juliet, person }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  const [balcony] = await juliet.devices('balcony');
  await enable(phone, home);
  // The archive's: there is nobody of that name.
  const nobody = `${person('nobody').username}@${juliet.jid.split('@')[1]}`;
  await home.sends`<message to='${nobody}' type='chat' id='e1'><body>x</body></message>`;
  await home.receives`<message type='error' id='e1' from='${nobody}'/>`;
  await phone.receives`<message><sent xmlns='urn:xmpp:carbons:2'/></message>`;
  await phone.receives`<message type='error'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message type='error' id='e1' from='${nobody}' to='${home.jid}' xmlns='jabber:client'/></forwarded></received></message>`;
  // A client's, about what was copied and about what was not.
  await home.sends`<message to='${juliet.jid}' type='chat' id='e2'><body>x</body></message>`;
  await balcony.receives`<message id='e2'/>`;
  await phone.receives`<message><sent xmlns='urn:xmpp:carbons:2'/></message>`;
  await home.sends`<message to='${juliet.jid}' id='e3'><x xmlns='urn:example:other'/></message>`;
  await balcony.receives`<message id='e3'/>`;
  for (const id of ['e2', 'e3'])
    await balcony.sends`<message to='${home.jid}' type='error' id='${id}'><error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
  for (const id of ['e2', 'e3']) await home.receives`<message type='error' id='${id}'/>`;
  await phone.receives`<message type='error'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message type='error' id='e2' xmlns='jabber:client'/></forwarded></received></message>`;
  // What a client says of a copy that it got is nobody's.
  await phone.sends`<message to='${romeo.jid}' type='error'><sent xmlns='urn:xmpp:carbons:2'/><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
  for (const device of [home, phone, balcony]) await device.receivesNothing();
});

scenario('XEP-0280 §7, §8 to oneself: nobody has it twice', { edges: [1, 3] }, async ({ romeo }) => {
  const [home, phone, tv] = await romeo.devices('home', 'phone', 'tv');
  for (const device of [home, phone, tv]) await enable(device, home);
  await home.sends`<message to='${phone.jid}' type='chat' id='s1'><body>note</body></message>`;
  await phone.receives`<message id='s1'><body>note</body></message>`;
  await tv.receives`<message><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message id='s1' xmlns='jabber:client'/></forwarded></sent></message>`;
  await home.sends`<message to='${phone.jid}' type='chat' id='s2'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
  await phone.receives`<message id='s2'/>`;
  await tv.receives`<message><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message id='s2' xmlns='jabber:client'/></forwarded></sent></message>`;
  await home.sends`<message to='${romeo.jid}' type='chat' id='s3'><body>to all</body></message>`;
  for (const device of [home, phone, tv]) await device.receives`<message id='s3'><body>to all</body></message>`;
  for (const device of [home, phone, tv]) await device.receivesNothing();
});

scenario(
  'XEP-0280 §11 nobody can forge one; of a blocked one there is none',
  { edges: [1, 3] },
  async ({ romeo, juliet, nurse }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony] = await juliet.devices('balcony');
    const [kitchen] = await nurse.devices('kitchen');
    await enable(phone);
    for (const [from, to] of [
      [balcony, phone],
      [home, phone],
    ] as const) {
      await from.sends`<message to='${to.jid}' type='chat' id='f1'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message from='${nurse.jid}' to='${romeo.jid}' xmlns='jabber:client'><body>forged</body></message></forwarded></sent><body>x</body></message>`;
      const got = await to.receives`<message id='f1'><body>x</body></message>`;
      assert.equal(forwardedIn(got), undefined);
    }
    await home.iq('set', '', `<block xmlns='urn:xmpp:blocking'><item jid='${nurse.jid}'/></block>`);
    await phone.iq('get', '', `<blocklist xmlns='urn:xmpp:blocking'/>`);
    await kitchen.sends`<message to='${home.jid}' type='chat' id='b1'><body>x</body></message>`;
    await kitchen.receives`<message type='error' id='b1'/>`;
    await kitchen.sends`<message to='${home.jid}' type='chat' id='b2'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
    await kitchen.receives`<message type='error' id='b2'/>`;
    for (const device of [home, phone]) await device.receivesNothing();
  },
);

scenario(
  'RFC 6120 §10.1 copies come in the order sent, whatever their fates',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await enable(phone, home);
    await enable(garden, balcony);
    const count = 60;
    for (let i = 0; i < count; i++) {
      const content = i % 2 === 0 ? '<body>x</body>' : "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
      home.sendXml(`<message to='${balcony.jid}' type='chat' id='o${i}'>${content}</message>`);
    }
    const expected = Array.from({ length: count }, (_, i) => `o${i}`);
    for (const device of [phone, garden])
      assert.deepEqual(
        (await device.messages(count)).map((copy) => forwardedIn(copy)?.attrs.id),
        expected,
      );
    assert.deepEqual(
      (await balcony.messages(count)).map((m) => m.attrs.id),
      expected,
    );
  },
);

scenario(
  'XEP-0313 §3.5 a copy has the id of the message in the account’s archive',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    await juliet.devices('balcony');
    await enable(phone);
    // Before the first digest of the archive the edge cannot tell any.
    const stanzaIdOf = async (id: string): Promise<Element | undefined> => {
      await home.sends`<message to='${juliet.jid}' type='chat' id='${id}'><body>x</body></message>`;
      const [copy] = await phone.messages(1);
      return childOf(copy && forwardedIn(copy), 'stanza-id', NS.stanzaId);
    };
    let stanzaId: Element | undefined;
    for (let i = 0; stanzaId === undefined; i++) {
      stanzaId = await stanzaIdOf(`m${i}`);
      if (stanzaId === undefined) await pause(100);
    }
    assert.equal(stanzaId.attrs.by, romeo.jid);
    await phone.iq(
      'set',
      '',
      `<query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>1</max><before/></set></query>`,
    );
    await phone.receive(`<message><result xmlns='urn:xmpp:mam:2' id='${stanzaId.attrs.id}'/></message>`);
  },
);
