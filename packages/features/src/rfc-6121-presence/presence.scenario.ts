import { befriend, type Client, scenario } from '@starling/testkit';

const CAPS =
  "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://psi-im.example' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>";

/** Nothing of this kind has come: asked behind a round trip, and behind what the same way has brought (the caller's part). */
async function hasNot(device: Client, pattern: string, why: string): Promise<void> {
  await device.ping();
  if (device.has(pattern)) throw new Error(`${device.jid}: ${why}`);
}

scenario('RFC 6121 §4.2.2 initial presence comes to all own resources', { edges: [1, 3] }, async ({ romeo }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  await phone.sends`<presence><show>away</show></presence>`;
  for (const device of [home, phone])
    await device.receives`<presence from='${phone.jid}' to='${romeo.jid}'><show>away</show></presence>`;
});

scenario('RFC 6121 §4.3.2 what a probe is answered', { edges: [1, 3] }, async ({ romeo, juliet, nurse, person }) => {
  const phone = await romeo.device('phone');
  const [balcony, chamber] = await juliet.devices('balcony', 'chamber');
  await befriend(phone, balcony);
  await phone.receives`<presence from='${chamber.jid}'/>`;
  await chamber.sends`<presence id='c1'><show>away</show><status>皇后</status></presence>`;
  await phone.receives`<presence from='${chamber.jid}' id='c1'/>`;
  // Rule 4: the full presence of each resource.
  await phone.sends`<presence type='probe' to='${juliet.jid}' id='p1'/>`;
  await phone.receives`<presence from='${chamber.jid}' id='c1'><show>away</show><status>皇后</status></presence>`;
  await phone.receives`<presence from='${balcony.jid}'/>`;
  // Of a resource that was asked for, no more than that it is there.
  await phone.sends`<presence type='probe' to='${chamber.jid}' id='p2'/>`;
  const mere = await phone.receives`<presence from='${chamber.jid}'/>`;
  if (mere.children.length > 0 || mere.attrs.type !== undefined) throw new Error(JSON.stringify(mere));
  await phone.sends`<presence type='probe' to='${juliet.jid}/nowhere' id='p3'/>`;
  await phone.receives`<presence type='unavailable' from='${juliet.jid}/nowhere' id='p3'/>`;
  // Rule 3: nobody there.
  for (const device of [balcony, chamber]) {
    await device.close();
    await phone.receives`<presence type='unavailable' from='${device.jid}'/>`;
  }
  await phone.sends`<presence type='probe' to='${juliet.jid}' id='p4'/>`;
  await phone.receives`<presence type='unavailable' from='${juliet.jid}' id='p4'/>`;
  // Rule 1: no subscription, and no such account, look alike.
  await nurse.register();
  for (const to of [nurse.jid, person('nobody').jid]) {
    await phone.sends`<presence type='probe' to='${to}' id='p5'/>`;
    await phone.receives`<presence type='unsubscribed' from='${to}' id='p5'/>`;
  }
});

scenario('RFC 6121 §4.6 directed presence, and its end', { edges: [1, 3] }, async ({ romeo, juliet, nurse }) => {
  const [balcony, kitchen] = [await juliet.device('balcony'), await nurse.device('kitchen')];
  for (const end of ['unavailable', 'logout', 'broken', 'directed'] as const) {
    const phone = await romeo.device(end, { available: end !== 'broken' }); // §4.6.3: also who is not available
    const gone = `<presence type='unavailable' from='${phone.jid}'/>`;
    await phone.sends`<presence to='${juliet.jid}'><status>for you</status></presence>`;
    await phone.sends`<presence to='${kitchen.jid}'/>`;
    await balcony.receives`<presence from='${phone.jid}' to='${juliet.jid}'><status>for you</status></presence>`;
    await kitchen.receives`<presence from='${phone.jid}' to='${kitchen.jid}'/>`;
    // §4.6.3 (2): broadcasts are not for her.
    if (end !== 'broken') {
      await phone.sends`<presence><status>for all</status></presence>`;
      await phone.receives`<presence from='${phone.jid}'><status>for all</status></presence>`;
    }
    if (end === 'directed') {
      await phone.sends`<presence to='${juliet.jid}' type='unavailable'><status>bye</status></presence>`;
      await balcony.receives`<presence type='unavailable' from='${phone.jid}'><status>bye</status></presence>`;
      await phone.close();
      await kitchen.receive(gone);
      await hasNot(balcony, gone, 'was told twice');
      continue;
    }
    if (end === 'unavailable') await phone.sends`<presence type='unavailable'/>`;
    else await (end === 'broken' ? phone.destroy() : phone.close());
    for (const device of [balcony, kitchen]) await device.receive(gone);
    if (end === 'unavailable') {
      await phone.close();
      await nurse.receivesNothing();
      await hasNot(kitchen, gone, 'was told twice');
    }
    await hasNot(balcony, `<presence from='${phone.jid}'/>`, 'saw what was not for her');
  }
});

scenario('RFC 6121 §4.2.3 presence passes as it is, with capabilities (XEP-0115)', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const [phone, balcony] = [await romeo.device('phone'), await juliet.device('balcony')];
  await befriend(phone, balcony);
  const content = `<show>dnd</show><status xml:lang='zh'>读书</status><priority>7</priority>${CAPS}<x xmlns='urn:example:x'><y z='&lt;'/></x>`;
  phone.sendXml(`<presence id='caps' xml:lang='it'>${content}</presence>`);
  const pattern = `<presence id='caps' xml:lang='it' from='${phone.jid}' to='${juliet.jid}'>${content}</presence>`;
  await balcony.receive(pattern);
  // And to who comes later.
  const chamber = await juliet.device('chamber');
  await chamber.receive(pattern);
});

scenario('RFC 6121 §4.7.2.3 a priority changes who gets messages', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [phone, balcony] = [await romeo.device('phone'), await juliet.device('balcony')];
  const chamber = await juliet.device('chamber');
  for (const [round, priority] of [-1, 127, -128, 0].entries()) {
    await chamber.sends`<presence><priority>${priority}</priority></presence>`;
    for (const device of [balcony, chamber])
      await device.receives`<presence from='${chamber.jid}'><priority>${priority}</priority></presence>`;
    await phone.sends`<message to='${juliet.jid}' type='chat' id='m${round}'><body>hark</body></message>`;
    await phone.sends`<message to='${chamber.jid}' type='chat' id='n${round}'><body>hark</body></message>`;
    await balcony.receives`<message id='m${round}'/>`;
    await chamber.receives`<message id='n${round}'/>`;
    if (chamber.has(`<message id='m${round}'/>`) !== priority >= 0) throw new Error(`priority ${priority}`);
    if (priority >= 0) await chamber.receives`<message id='m${round}'/>`;
  }
  await phone.sends`<presence id='p'><priority>128</priority></presence>`;
  await phone.receives`<presence type='error' id='p'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`;
});

scenario(
  'RFC 6120 §7.7.2.2 a resource that is taken over on another edge leaves no ghost',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const balcony = await juliet.device('balcony', { edge: 0 });
    const first = await romeo.device('phone', { edge: 1 });
    await befriend(balcony, first);
    const second = await romeo.device('phone', { edge: 2 });
    await first.receives`<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
    await first.ended();
    await second.sends`<presence><status>second</status></presence>`;
    await balcony.receives`<presence from='${second.jid}'><status>second</status></presence>`;
    await balcony.sends`<message to='${second.jid}' type='chat' id='m1'><body>which?</body></message>`;
    await second.receives`<message id='m1'/>`;
    await balcony.sends`<iq type='get' id='q1' to='${second.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`;
    await second.receives`<iq type='get' id='q1' from='${balcony.jid}'/>`;
    await second.close();
    await balcony.receives`<presence type='unavailable' from='${second.jid}'/>`;
    await balcony.sends`<presence type='probe' to='${romeo.jid}' id='p1'/>`;
    await balcony.receives`<presence type='unavailable' from='${romeo.jid}' id='p1'/>`;
  },
);
