import assert from 'node:assert/strict';
import { type Client, childOf, scenario } from '@starling/testkit';

const INACTIVE = "<inactive xmlns='urn:xmpp:csi:0'/>";
const ACTIVE = "<active xmlns='urn:xmpp:csi:0'/>";
const STATE = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const everywhere = { edges: [1, 3] } as const;

const statusOf = (client: Client, from: string) =>
  client.history
    .filter((e) => e.name === 'presence' && e.attrs.from === from)
    .map((e) => childOf(e, 'show')?.children[0]);

scenario('XEP-0352 §4 it is offered behind authentication', everywhere, async ({ romeo }) => {
  const client = await romeo.authenticated();
  const features = client.history.findLast((e) => e.name === 'features');
  assert.ok(features && childOf(features, 'csi', 'urn:xmpp:csi:0'));
});

scenario(
  'XEP-0352 an inactive client gets presence in front of what matters, and no chat states',
  everywhere,
  async ({ romeo, juliet }) => {
    const [phone] = await romeo.devices('phone');
    const [balcony] = await juliet.devices('balcony');
    phone.send(INACTIVE);
    await phone.ping();
    const before = phone.history.length;
    for (const show of ['away', 'dnd', 'xa']) {
      await balcony.sends`<presence to='${phone.jid}'><show>${show}</show></presence>`;
      balcony.sendXml(`<message to='${phone.jid}' type='chat'>${STATE}</message>`);
    }
    await balcony.ping();
    // Nobody wakes it: what it says itself does.
    assert.deepEqual(statusOf(phone, balcony.jid), []);
    assert.equal(phone.history.length, before);
    await balcony.sends`<message to='${phone.jid}' type='chat'><body>now</body></message>`;
    await phone.receives`<message><body>now</body></message>`;
    assert.deepEqual(statusOf(phone, balcony.jid), ['xa'], 'the newest, and before the message');
    await balcony.sends`<presence to='${phone.jid}'><show>chat</show></presence>`;
    await balcony.ping();
    // §5.1: what was held is there before the answer to what the client asks behind <active/>.
    phone.send(ACTIVE);
    await phone.ping();
    assert.deepEqual(statusOf(phone, balcony.jid), ['xa', 'chat']);
    balcony.sendXml(`<message to='${phone.jid}' type='chat'>${STATE}</message>`);
    await phone.receives`<message from='${balcony.jid}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`;
  },
);

scenario(
  'XEP-0352 what it saves, in bytes and wake-ups',
  { edges: [1], transports: ['tcp'], modes: ['embedded'] },
  async ({ romeo, person }) => {
    const [active, inactive] = await romeo.devices('active', 'inactive');
    const friends = await Promise.all(Array.from({ length: 20 }, (_, i) => person(`friend${i}`).device('x')));
    inactive.send(INACTIVE);
    await inactive.ping();
    await active.ping();
    const start = new Map([active, inactive].map((device) => [device, device.history.length]));
    for (const friend of friends) {
      for (let i = 0; i < 10; i++)
        for (const to of [active.jid, inactive.jid])
          await friend.sends`<presence to='${to}'><status>${`number ${i}`}</status></presence>`;
      for (const to of [active.jid, inactive.jid]) friend.sendXml(`<message to='${to}' type='chat'>${STATE}</message>`);
      await friend.ping();
    }
    const [friend] = friends;
    assert.ok(friend);
    const wakes = inactive.history.length - (start.get(inactive) ?? 0);
    for (const to of [active.jid, inactive.jid])
      await friend.sends`<message to='${to}' type='chat'><body>hi</body></message>`;
    const seen = await Promise.all(
      [active, inactive].map(async (device) => {
        await device.receives`<message><body>hi</body></message>`;
        const since = device.history.slice(start.get(device));
        return { stanzas: since.length, bytes: since.reduce((sum, e) => sum + JSON.stringify(e).length, 0) };
      }),
    );
    const [all, few] = seen;
    assert.ok(all && few);
    console.log(
      `active: ${all.stanzas} stanzas, inactive: ${few.stanzas} at once, ${Math.round((100 * few.bytes) / all.bytes)} % of the bytes`,
    );
    assert.equal(wakes, 0);
    assert.deepEqual([all.stanzas, few.stanzas], [221, 21]);
    assert.ok(few.bytes < all.bytes / 5);
  },
);
