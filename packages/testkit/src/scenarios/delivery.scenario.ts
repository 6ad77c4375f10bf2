import { scenario } from '../scenario.ts';

const ALL = { edges: [1, 3] } as const;

scenario('RFC 6121 §8.5.3.1 a message to a full address goes to that device only', ALL, async ({ romeo, juliet }) => {
  const [phone, laptop] = await juliet.devices('phone', 'laptop');
  await romeo.sends`<message to='${phone.jid}' type='chat'><body>only you</body></message>`;
  await phone.receives`<message to='${phone.jid}'><body>only you</body></message>`;
  await laptop.receivesNothing();
});

scenario(
  'RFC 6121 §8.5.2.1.1 a message to the bare address goes to all devices that are not away',
  ALL,
  async ({ romeo, juliet }) => {
    const [phone, laptop] = await juliet.devices('phone', 'laptop');
    const silent = await juliet.device('silent', { available: false });
    const negative = await juliet.device('negative', { available: false });
    await negative.sends`<presence><priority>-1</priority></presence>`;
    await negative.ping();
    await romeo.sends`<message to='${juliet.jid}' type='chat'><body>all of you</body></message>`;
    await phone.receives`<message to='${juliet.jid}'><body>all of you</body></message>`;
    await laptop.receives`<message to='${juliet.jid}'><body>all of you</body></message>`;
    await silent.receivesNothing();
    await negative.receivesNothing();
  },
);

scenario(
  'RFC 6121 §4.5 a device that says unavailable gets no more messages to the bare address',
  ALL,
  async ({ romeo, juliet }) => {
    const [phone, laptop] = await juliet.devices('phone', 'laptop');
    await laptop.sends`<presence type='unavailable'/>`;
    await laptop.ping();
    await phone.receives`<presence type='unavailable' from='${laptop.jid}'/>`;
    await romeo.sends`<message to='${juliet.jid}' type='chat'><body>still there?</body></message>`;
    await phone.receives`<message><body>still there?</body></message>`;
    await laptop.receivesNothing();
  },
);

scenario(
  'RFC 6121 §8.5.3.2.1 a chat message to a device that has gone goes to the others',
  ALL,
  async ({ romeo, juliet }) => {
    const [phone, laptop] = await juliet.devices('phone', 'laptop');
    await laptop.close();
    await phone.receives`<presence type='unavailable' from='${laptop.jid}'/>`;
    await romeo.sends`<message to='${laptop.jid}' type='chat'><body>where did you go?</body></message>`;
    await phone.receives`<message to='${laptop.jid}'><body>where did you go?</body></message>`;
  },
);

scenario('RFC 6120 §8.1.2.1 the server stamps the sender', ALL, async ({ romeo, juliet }) => {
  const [phone, balcony] = [await romeo.device('phone'), await juliet.device('balcony')];
  await phone.sends`<message to='${juliet.jid}' type='chat' xml:lang='it'><body>Romeo</body><thread>t1</thread><x xmlns='urn:example:x' y='&lt;'><z/></x></message>`;
  await balcony.receives`<message from='${phone.jid}' xml:lang='it'><body>Romeo</body><thread>t1</thread><x xmlns='urn:example:x' y='&lt;'><z/></x></message>`;
});

scenario('XEP-0334 a message that is not to be stored comes all the same', ALL, async ({ romeo, juliet }) => {
  const balcony = await juliet.device('balcony');
  await romeo.sends`<message to='${juliet.jid}' type='chat'><body>burn this</body><no-store xmlns='urn:xmpp:hints'/></message>`;
  await balcony.receives`<message><body>burn this</body></message>`;
});

scenario(
  'XEP-0085 a chat state comes, and behind the message that was sent before it',
  ALL,
  async ({ romeo, juliet }) => {
    const balcony = await juliet.device('balcony');
    await romeo.sends`<message to='${juliet.jid}' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/></message>`;
    await balcony.receives`<message><active xmlns='http://jabber.org/protocol/chatstates'/></message>`;
  },
);

scenario('RFC 6121 §4.2.2 initial presence comes back to all own devices', ALL, async ({ juliet }) => {
  const phone = await juliet.device('phone');
  const laptop = await juliet.device('laptop', { available: false });
  await laptop.sends`<presence><status>here</status></presence>`;
  await phone.receives`<presence from='${laptop.jid}'><status>here</status></presence>`;
  await laptop.receives`<presence from='${laptop.jid}'><status>here</status></presence>`;
});

scenario('a message to oneself comes once to each own device', ALL, async ({ romeo }) => {
  const [phone, laptop] = await romeo.devices('phone', 'laptop');
  await phone.sends`<message to='${romeo.jid}' type='chat'><body>note</body></message>`;
  await phone.receives`<message><body>note</body></message>`;
  await laptop.receives`<message><body>note</body></message>`;
  await phone.receivesNothing();
  await laptop.receivesNothing();
});

scenario('RFC 6120 §10.1 an IQ between own devices is answered', ALL, async ({ romeo }) => {
  const [phone, laptop] = await romeo.devices('phone', 'laptop');
  await phone.sends`<iq type='get' id='q1' to='${laptop.jid}'><query xmlns='jabber:iq:version'/></iq>`;
  await laptop.receives`<iq type='get' id='q1' from='${phone.jid}'><query xmlns='jabber:iq:version'/></iq>`;
  await laptop.sends`<iq type='result' id='q1' to='${phone.jid}'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>`;
  await phone.receives`<iq type='result' id='q1' from='${laptop.jid}'><query xmlns='jabber:iq:version'><name>quill</name></query></iq>`;
});
