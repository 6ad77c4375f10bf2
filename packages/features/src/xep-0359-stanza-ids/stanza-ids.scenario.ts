import { type Client, type Person, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

const idsIn = ({ children }: Element) =>
  children.filter((c): c is Element => typeof c !== 'string' && c.name === 'stanza-id').map(({ attrs }) => attrs);

/** Sends until a message arrives with an id: before the first digest of the archive the edge cannot tell any. */
async function untilIds(from: Client, to: Person, device: Client): Promise<void> {
  for (let i = 0; ; i++) {
    await from.sends`<message to='${to.jid}' type='chat' id='try-${i}'><body>try</body></message>`;
    if (idsIn(await device.receive(`<message id='try-${i}'/>`)).length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

scenario(
  'XEP-0359 an archived message has the id of the account’s archive, and nobody else’s',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    await untilIds(home, juliet, balcony);
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='${juliet.jid}'/><stanza-id xmlns='urn:xmpp:sid:0' id='far' by='room@elsewhere.example'/><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`;
    const m1 = await balcony.receives`<message id='m1'><origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>`;
    const [far, own, ...others] = idsIn(m1);
    if (far?.id !== 'far' || own?.by !== juliet.jid || own.id === 'forged' || others.length > 0)
      throw new Error(JSON.stringify(idsIn(m1)));

    // Passing and live ones are in no archive.
    await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>`;
    await home.sends`<message to='${juliet.jid}' type='chat' id='m3'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>`;
    for (const id of ['m2', 'm3']) {
      const ids = idsIn(await balcony.receives`<message id='${id}'/>`);
      if (ids.length > 0) throw new Error(`${id}: ${JSON.stringify(ids)}`);
    }
  },
);
