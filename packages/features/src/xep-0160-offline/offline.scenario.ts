import { type Client, rawXml, scenario } from '@starling/testkit';

const MANY = 300;
/** An answer is waited for not too long; each message is one commit. */
const HANDLED_EVERY = 30;
const PASSING = "<no-permanent-store xmlns='urn:xmpp:hints'/>";

/** With initial presence, or again. */
async function available(client: Client, priority = 0): Promise<void> {
  await client.sends`<presence><priority>${priority}</priority></presence>`;
  await client.receives`<presence from='${client.jid}'/>`;
}

/** All that it has sent is in the logs: its stanzas are handled one after another. */
async function isHandled(client: Client): Promise<void> {
  await client.iq('get', '', "<ping xmlns='urn:xmpp:ping'/>");
}

async function unavailable(client: Client): Promise<void> {
  await client.sends`<presence type='unavailable'/>`;
  await client.receives`<presence from='${client.jid}' type='unavailable'/>`;
}

/** A page of its archive, in which these messages are. */
async function readArchive(client: Client, rsm: string, ...ids: readonly string[]): Promise<void> {
  const set = `<set xmlns='http://jabber.org/protocol/rsm'>${rsm}</set>`;
  await client.iq('set', '', `<query xmlns='urn:xmpp:mam:2'>${set}</query>`);
  for (const id of ids)
    await client.receives`<message><result xmlns='urn:xmpp:mam:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' id='${id}'/></forwarded></result></message>`;
}

function idsOf(messages: readonly { readonly attrs: Readonly<Record<string, string>> }[]): string {
  return messages.map(({ attrs }) => attrs.id).join();
}

scenario(
  'XEP-0160 §2 what was sent to nobody is there at the next login',
  { edges: [1, 3] },
  async ({ romeo, juliet, world }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await balcony.close();
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>O blessed, blessed night!</body></message>`;
    await home.sends`<message to='${juliet.jid}' id='m2'><body>I am afeard.</body></message>`;
    await home.sends`<message to='${juliet.jid}' type='headline' id='h1'><body>news</body></message>`;
    await home.sends`<message to='${juliet.jid}' type='chat' id='c1'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
    await home.sends`<message to='${juliet.jid}/gone' type='chat' id='m3'><body>to a resource</body></message>`;
    await home.sends`<message to='${juliet.jid}/gone' type='normal' id='n1'><body>lost</body></message>`;
    await isHandled(home);
    const [garden] = await juliet.devices('garden');
    for (const id of ['m1', 'm2', 'm3'])
      await garden.receives`<message id='${id}' from='${home.jid}'><body>…</body><delay xmlns='urn:xmpp:delay' from='${world.domain}' stamp='…'/></message>`;
    await garden.receivesNothing();
    await garden.close();
    const [balcony2] = await juliet.devices('balcony');
    await balcony2.receivesNothing();
  },
);

scenario('XEP-0160 §4 the server says that it stores messages', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<iq type='get' id='d1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><feature var='msgoffline'/></query></iq>`;
});

scenario('three hundred in their order, and then what comes live', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  await unavailable(balcony);
  for (let i = 0; i < MANY; i++) {
    await home.sends`<message to='${juliet.jid}' type='chat' id='m${i}'><body>${i}</body></message>`;
    if (i % HANDLED_EVERY === 0) await isHandled(home);
  }
  await isHandled(home);
  await available(balcony);
  await home.sends`<message to='${juliet.jid}' type='chat' id='live'><body>now</body></message>`;
  const expected = [...Array.from({ length: MANY }, (_, i) => `m${i}`), 'live'].join();
  const got = idsOf(await balcony.messages(MANY + 1));
  if (got !== expected) throw new Error(`came as ${got}`);
  await balcony.receivesNothing();
});

scenario(
  'RFC 6121 §8.5.2.1.1 a negative priority gets nothing that waits',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await available(balcony, -1);
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body></message>`;
    // §8.5.3.1: what is for it alone it gets, and nobody gets that again.
    await home.sends`<message to='${balcony.jid}' type='chat' id='m2'><body>y</body></message>`;
    await balcony.receives`<message id='m2'/>`;
    await balcony.receivesNothing();
    await available(balcony, 1);
    await balcony.receives`<message id='m1'><body>x</body><delay xmlns='urn:xmpp:delay'/></message>`;
    await balcony.receivesNothing();
  },
);

scenario(
  'of two devices that come one gets what waits, the other nothing',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await home.sends`<message to='${juliet.jid}' type='chat' id='first'><body>x</body></message>`;
    for (const device of [balcony, garden]) await device.receives`<message id='first'/>`;
    for (let round = 0; round < 3; round++) {
      await Promise.all([unavailable(balcony), unavailable(garden)]);
      await home.sends`<message to='${juliet.jid}' type='chat' id='m${round}'><body>x</body></message>`;
      await isHandled(home);
      await Promise.all([available(balcony), available(garden)]);
      await home.sends`<message to='${juliet.jid}' type='chat' id='live${round}'><body>y</body></message>`;
      const got: string[] = [];
      for (const device of [balcony, garden]) {
        for (;;) {
          const [message] = await device.messages(1);
          got.push(message?.attrs.id ?? '');
          if (message?.attrs.id === `live${round}`) break;
        }
      }
      const count = got.filter((id) => id === `m${round}`).length;
      if (count !== 1) throw new Error(`m${round} came ${count} times: ${got}`);
    }
  },
);

scenario(
  'what a client without presence has read in the archive (XEP-0313) comes to nobody else, what is not in there does',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    await juliet.register();
    const [home] = await romeo.devices('home');
    const say = (id: string, hint = '') =>
      home.sends`<message to='${juliet.jid}' type='chat' id='${id}'><body>x</body>${rawXml(hint)}</message>`;
    await say('p1', PASSING);
    await say('a1');
    await say('a2');
    await say('p2', PASSING);
    await isHandled(home);
    const reader = await juliet.device('reader', { available: false });
    // The last message only, then all.
    await readArchive(reader, '<max>1</max><before/>', 'a2');
    await readArchive(reader, '<max>50</max>', 'a1', 'a2');
    await say('a3');
    await isHandled(home);
    await reader.close();
    const [balcony] = await juliet.devices('balcony');
    const got = idsOf(await balcony.messages(3));
    if (got !== 'p1,p2,a3') throw new Error(`came as ${got}`);
    await balcony.receivesNothing();
  },
);

scenario(
  'XEP-0198 what was read in the archive and not acknowledged still waits',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    await juliet.register();
    const [home] = await romeo.devices('home');
    for (const id of ['a1', 'a2'])
      await home.sends`<message to='${juliet.jid}' type='chat' id='${id}'><body>x</body></message>`;
    await isHandled(home);
    const reader = await juliet.device('reader', { available: false });
    await reader.manage({ resume: false });
    await readArchive(reader, '<max>1</max>', 'a1');
    reader.acknowledge();
    await readArchive(reader, '<max>50</max>', 'a1', 'a2');
    await reader.destroy();
    const [balcony] = await juliet.devices('balcony');
    await balcony.receives`<message id='a2'/>`;
    await balcony.receivesNothing();
  },
);

scenario('what somebody was there for never comes again', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body></message>`;
  for (const device of [balcony, garden]) await device.receives`<message id='m1'/>`;
  await unavailable(balcony);
  await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>x</body></message>`;
  await garden.receives`<message id='m2'/>`;
  await garden.close();
  await home.sends`<message to='${juliet.jid}' type='chat' id='m3'><body>x</body></message>`;
  await isHandled(home);
  await available(balcony);
  await balcony.receives`<message id='m3'/>`;
  await balcony.receivesNothing();
});
