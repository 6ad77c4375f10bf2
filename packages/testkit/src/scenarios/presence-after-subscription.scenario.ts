import type { Client } from '../client.ts';
import { scenario } from '../scenario.ts';
import type { Person } from '../scene.ts';

const NICK = "<nick xmlns='http://jabber.org/protocol/nick'>罗密欧</nick>";

async function interested(person: Person, resource: string): Promise<Client> {
  const device = await person.device(resource);
  await device.iq('get', '', "<query xmlns='jabber:iq:roster'/>");
  return device;
}
const requestOf = (person: Person) => `<presence type='subscribe' from='${person.jid}'/>`;

/** Romeo sees Juliet: he has asked, she has approved. */
async function subscribe(romeo: Client, ofRomeo: Person, juliet: Client, ofJuliet: Person): Promise<void> {
  await romeo.sends`<presence type='subscribe' to='${ofJuliet.jid}'/>`;
  await juliet.receive(requestOf(ofRomeo));
  await juliet.sends`<presence type='subscribed' to='${ofRomeo.jid}'/>`;
  await romeo.receives`<presence type='subscribed' from='${ofJuliet.jid}'/>`;
}

scenario(
  'RFC 6121 §3.1.3 a request comes again at each login, as it was sent, until it is answered',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    await juliet.register();
    const phone = await interested(romeo, 'phone');
    phone.sendXml(`<presence type='subscribe' to='${juliet.jid}' id='first'>${NICK}</presence>`);
    phone.sendXml(`<presence type='subscribe' to='${juliet.jid}' id='second'/>`);
    await phone.ping();
    for (const resource of ['morning', 'evening']) {
      const device = await juliet.device(resource);
      await device.receive(`<presence type='subscribe' from='${romeo.jid}' id='first'>${NICK}</presence>`);
      await device.receivesNothing();
      if (device.has(requestOf(romeo))) throw new Error('more than one request of a contact');
      if (resource === 'evening') await device.sends`<presence type='unsubscribed' to='${romeo.jid}'/>`;
      await device.ping();
      await device.close();
    }
    await phone.receives`<presence type='unsubscribed' from='${juliet.jid}'/>`;
    const night = await juliet.device('night');
    await night.receivesNothing();
    if (night.has(requestOf(romeo))) throw new Error('a request that has been answered');
  },
);

scenario(
  'RFC 6121 §3.1.5 who is approved gets the presence of all available resources, and gives none of his own',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const phone = await interested(romeo, 'phone');
    const balcony = await interested(juliet, 'balcony');
    const chamber = await interested(juliet, 'chamber');
    const silent = await juliet.device('silent', { available: false });
    await subscribe(phone, romeo, balcony, juliet);
    for (const device of [balcony, chamber]) await phone.receives`<presence from='${device.jid}'/>`;
    await phone.ping();
    if (phone.has(`<presence from='${silent.jid}'/>`)) throw new Error('presence of a resource that has none');
    for (const device of [balcony, chamber])
      if (device.has(`<presence from='${phone.jid}'/>`)) throw new Error('she has no subscription to him');
  },
);

scenario('RFC 6121 §3.2.2 whose subscription is cancelled sees all resources go', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const phone = await interested(romeo, 'phone');
  const balcony = await interested(juliet, 'balcony');
  const chamber = await interested(juliet, 'chamber');
  await subscribe(phone, romeo, balcony, juliet);
  for (const device of [balcony, chamber]) await phone.receives`<presence from='${device.jid}'/>`;
  await balcony.sends`<presence type='unsubscribed' to='${romeo.jid}'/>`;
  await phone.receives`<presence type='unsubscribed' from='${juliet.jid}'/>`;
  for (const device of [balcony, chamber]) await phone.receives`<presence type='unavailable' from='${device.jid}'/>`;
});

scenario('RFC 6121 §3.3.3 who unsubscribes sees all resources go', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const phone = await interested(romeo, 'phone');
  const balcony = await interested(juliet, 'balcony');
  await subscribe(phone, romeo, balcony, juliet);
  await phone.receives`<presence from='${balcony.jid}'/>`;
  await phone.sends`<presence type='unsubscribe' to='${juliet.jid}'/>`;
  await balcony.receives`<presence type='unsubscribe' from='${romeo.jid}'/>`;
  await phone.receives`<presence type='unavailable' from='${balcony.jid}'/>`;
});
