import { befriend, type Client, scenario } from '@starling/testkit';

scenario('RFC 6121 §8.5.3 a full JID reaches its resource alone', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await home.sends`<message to='${balcony.jid}' type='chat' id='m1'><body>alone</body></message>`;
  await balcony.receives`<message id='m1'><body>alone</body></message>`;
  await garden.receivesNothing();
  await home.sends`<message to='${juliet.jid}/nowhere' type='chat' id='m2'><body>any</body></message>`;
  for (const device of [balcony, garden]) await device.receives`<message id='m2'/>`;
});

scenario('RFC 6121 §8.5.2.1.1 a negative priority is left out', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await garden.sends`<presence><priority>-1</priority></presence>`;
  await balcony.receives`<presence from='${garden.jid}'><priority>-1</priority></presence>`;
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>hark</body></message>`;
  await balcony.receives`<message id='m1'/>`;
  await garden.receivesNothing();
});

scenario('groupchat to an account is refused', { edges: [1] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  await juliet.register();
  await home.sends`<message to='${juliet.jid}' type='groupchat' id='m1'><body>all</body></message>`;
  await home.receives`<message type='error' id='m1' from='${juliet.jid}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
});

scenario(
  'RFC 6121 §8.5.3.1 an IQ reaches a resource that shares its presence, and leaks none else',
  { edges: [1, 3] },
  async ({ romeo, juliet, nurse }) => {
    const [home, kitchen] = [await romeo.device('home'), await nurse.device('kitchen')];
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    const ask = (from: Client, to: string, id: string) =>
      from.sends`<iq type='get' id='${id}' to='${to}'><query xmlns='jabber:iq:version'/></iq>`;
    const refusal = async (from: Client, to: string) => {
      await ask(from, to, 'r');
      const { attrs, children } = await from.receives`<iq type='error' id='r' from='${to}'/>`;
      return JSON.stringify([attrs.type, children]);
    };
    // There, not there, no account: one answer.
    const answers = new Set<string>();
    for (const to of [balcony.jid, `${juliet.jid}/nowhere`, `nobody-${juliet.jid}/balcony`])
      answers.add(await refusal(home, to));
    if (answers.size !== 1) throw new Error([...answers].join());
    await balcony.receivesNothing();

    // By directed presence: that resource alone, and to him alone.
    await balcony.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${balcony.jid}'/>`;
    await ask(home, balcony.jid, 'q1');
    await balcony.receives`<iq type='get' id='q1' from='${home.jid}'/>`;
    await balcony.sends`<iq type='result' id='q1' to='${home.jid}'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>`;
    await home.receives`<iq type='result' id='q1' from='${balcony.jid}'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>`;
    answers.add(await refusal(home, garden.jid));
    answers.add(await refusal(kitchen, balcony.jid));
    if (answers.size !== 1) throw new Error([...answers].join());

    // By subscription: every resource, and errors come back as well.
    await befriend(kitchen, garden);
    for (const device of [balcony, garden]) {
      await ask(kitchen, device.jid, 'q2');
      await device.receives`<iq type='get' id='q2' from='${kitchen.jid}'/>`;
      await device.sends`<iq type='error' id='q2' to='${kitchen.jid}'><error type='cancel'><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
      await kitchen.receives`<iq type='error' id='q2' from='${device.jid}'><error><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
    }
    answers.add(await refusal(kitchen, `${juliet.jid}/nowhere`));
    if (answers.size !== 1) throw new Error([...answers].join());
  },
);
