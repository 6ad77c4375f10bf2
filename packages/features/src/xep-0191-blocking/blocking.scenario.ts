import { befriend, type Client, scenario } from '@starling/testkit';

const NS = 'urn:xmpp:blocking';
const BLOCKED = `<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error>`;
const GONE = `<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;

async function change(client: Client, what: 'block' | 'unblock', ...jids: string[]): Promise<void> {
  const items = jids.map((jid) => `<item jid='${jid}'/>`).join('');
  const answer = await client.iq('set', '', `<${what} xmlns='${NS}'>${items}</${what}>`);
  if (answer.attrs.type !== 'result') throw new Error(`${what} of ${jids} was refused`);
}

scenario('XEP-0191 §3.2 to §3.5 the list, and pushes to who has asked for it', { edges: [1, 3] }, async ({ romeo }) => {
  const [home, phone, watch] = await romeo.devices('home', 'phone', 'watch');
  for (const device of [home, phone]) {
    await device.sends`<iq type='get' id='l1'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
    await device.receives`<iq type='result' id='l1'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
  }
  await change(home, 'block', 'Tybalt@capulet.lit', 'montague.lit/张三');
  for (const device of [home, phone])
    await device.receives`<iq type='set' to='${device.jid}'><block xmlns='urn:xmpp:blocking'><item jid='tybalt@capulet.lit'/><item jid='montague.lit/张三'/></block></iq>`;
  await phone.sends`<iq type='get' id='l2'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
  await phone.receives`<iq type='result' id='l2'><blocklist xmlns='urn:xmpp:blocking'><item jid='tybalt@capulet.lit'/><item jid='montague.lit/张三'/></blocklist></iq>`;
  await change(phone, 'unblock', 'tybalt@capulet.lit');
  for (const device of [home, phone])
    await device.receives`<iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='tybalt@capulet.lit'/></unblock></iq>`;
  await change(home, 'unblock');
  for (const device of [home, phone]) {
    const push = await device.receives`<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>`;
    if (JSON.stringify(push).includes('"item"')) throw new Error('§3.5 all at once is said as such');
  }
  await watch.receivesNothing();
});

scenario('XEP-0191 §3.3 nothing goes to a blocked one, nothing comes', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  const [balcony] = await juliet.devices('balcony');
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='m0'><body>before</body></message>`;
  for (const device of [home, phone]) await device.receives`<message id='m0'/>`;
  await phone.sends`<iq type='get' id='l1'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
  await phone.receives`<iq type='result' id='l1'/>`;
  await change(home, 'block', juliet.jid);
  await phone.receives`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${juliet.jid}'/></block></iq>`;

  // Out.
  for (const device of [home, phone]) {
    await device.sends`<message to='${juliet.jid}' type='chat' id='o1'><body>x</body></message>`;
    await device.receive(`<message type='error' id='o1' from='${juliet.jid}'>${BLOCKED}</message>`);
    await device.sends`<iq to='${juliet.jid}' type='get' id='o2'><vCard xmlns='vcard-temp'/></iq>`;
    await device.receive(`<iq type='error' id='o2'>${BLOCKED}</iq>`);
    await device.sends`<presence to='${balcony.jid}' id='o3'/>`;
    await device.receive(`<presence type='error' id='o3'>${BLOCKED}</presence>`);
  }
  await balcony.receivesNothing();

  // In: a durable message, a live one, requests to account and resource.
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='i1'><body>x</body></message>`;
  await balcony.receive(`<message type='error' id='i1' from='${romeo.jid}'>${GONE}</message>`);
  await balcony.sends`<message to='${phone.jid}' type='chat' id='i2'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
  await balcony.receive(`<message type='error' id='i2' from='${phone.jid}'>${GONE}</message>`);
  await balcony.sends`<iq to='${romeo.jid}' type='get' id='i3'><vCard xmlns='vcard-temp'/></iq>`;
  await balcony.receive(`<iq type='error' id='i3'>${GONE}</iq>`);
  await balcony.sends`<iq to='${phone.jid}' type='get' id='i4'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await balcony.receive(`<iq type='error' id='i4'>${GONE}</iq>`);
  for (const device of [home, phone, balcony]) await device.receivesNothing();

  await change(phone, 'unblock', juliet.jid);
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='m1'><body>after</body></message>`;
  for (const device of [home, phone]) await device.receives`<message id='m1'/>`;
  await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>after</body></message>`;
  await balcony.receives`<message id='m2'/>`;
});

scenario(
  'XEP-0191 §3.3 the block stays when everybody has logged out',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await change(home, 'block', `${juliet.jid}/balcony`);
    await home.close();
    await balcony.sends`<message to='${romeo.jid}' type='chat' id='i1'><body>x</body></message>`;
    await balcony.receive(`<message type='error' id='i1' from='${romeo.jid}'>${GONE}</message>`);
    const [again] = await romeo.devices('again');
    await again.sends`<iq type='get' id='l1'><blocklist xmlns='urn:xmpp:blocking'/></iq>`;
    await again.receives`<iq type='result' id='l1'><blocklist xmlns='urn:xmpp:blocking'><item jid='${balcony.jid}'/></blocklist></iq>`;
    await balcony.sends`<message to='${romeo.jid}' type='headline' id='i2'><body>x</body></message>`;
    await balcony.receive(`<message type='error' id='i2' from='${romeo.jid}'>${GONE}</message>`);
    // §5: only that resource.
    const [garden] = await juliet.devices('garden');
    await garden.sends`<message to='${romeo.jid}' type='chat' id='i3'><body>x</body></message>`;
    await again.receives`<message id='i3'/>`;
  },
);

scenario(
  'XEP-0191 §3.3, §3.4 friends who block vanish, and come back',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home, balcony] = [await romeo.device('home'), await juliet.device('balcony')];
    await befriend(home, balcony);
    const sides = [
      [home, balcony, juliet.jid],
      [balcony, home, romeo.jid],
    ] as const;
    for (const [round, [blocker, blocked, jid]] of sides.entries()) {
      await change(blocker, 'block', jid);
      await blocked.receives`<presence type='unavailable' from='${blocker.jid}'/>`;
      await blocker.receives`<presence type='unavailable' from='${blocked.jid}'/>`;
      for (const device of [blocker, blocked]) {
        await device.sends`<presence><status>meanwhile ${round}</status></presence>`;
        await device.receives`<presence from='${device.jid}'><status>meanwhile ${round}</status></presence>`;
      }
      // A probe is answered as if there were nobody.
      await blocked.sends`<presence type='probe' to='${bareOf(blocker)}' id='p${round}'/>`;
      const answer = await blocked.receives`<presence from='${bareOf(blocker)}' id='p${round}'/>`;
      if (answer.attrs.type === undefined) throw new Error('present');
      for (const [device, other] of [
        [blocker, blocked],
        [blocked, blocker],
      ] as const)
        if (device.has(`<presence from='${other.jid}'/>`)) throw new Error(`${device.jid} sees a blocked one`);
      await change(blocker, 'unblock', jid);
      await blocked.receives`<presence from='${blocker.jid}'><status>meanwhile ${round}</status></presence>`;
      await blocker.receives`<presence from='${blocked.jid}'><status>meanwhile ${round}</status></presence>`;
    }
  },
);

const bareOf = ({ jid }: Client): string => jid.slice(0, jid.indexOf('/'));
