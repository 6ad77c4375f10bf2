import { type Client, type Person, scenario } from '@starling/testkit';

/** An interested and available device. */
async function home(person: Person, resource = 'home'): Promise<Client> {
  const device = await person.device(resource);
  await device.iq('get', '', "<query xmlns='jabber:iq:roster'/>");
  return device;
}
/** The push of a contact's item; attributes as they stand in it. */
const push = (device: Client, contact: Person, attrs: string) =>
  device.receive(`<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${contact.jid}' ${attrs}/></query></iq>`);

/** The stanza, and behind it the push: when the push is there, the stanza must be there already. */
async function told(device: Client, type: string, contact: Person, attrs: string): Promise<void> {
  const stanza = `<presence type='${type}' from='${contact.jid}'/>`;
  await push(device, contact, attrs);
  if (!device.has(stanza)) throw new Error(`${type} did not come before the push`);
  await device.receive(stanza);
}
const send = (device: Client, type: string, to: Person) =>
  device.sends`<presence type='${type}' to='${to.jid}' id='${type}-1'/>`;

/** Both see each other. */
async function befriend(a: Client, ofA: Person, b: Client, ofB: Person): Promise<void> {
  await send(a, 'subscribe', ofB);
  await push(a, ofB, "subscription='none' ask='subscribe'");
  await b.receives`<presence type='subscribe' from='${ofA.jid}'/>`;
  await send(b, 'subscribed', ofA);
  await told(a, 'subscribed', ofB, "subscription='to'");
  await push(b, ofA, "subscription='from'");
  await send(b, 'subscribe', ofA);
  await push(b, ofA, "subscription='from' ask='subscribe'");
  await a.receives`<presence type='subscribe' from='${ofB.jid}'/>`;
  await send(a, 'subscribed', ofB);
  await told(b, 'subscribed', ofA, "subscription='both'");
  await push(a, ofB, "subscription='both'");
}

scenario('RFC 6121 §3.1 a request and its approval, both online', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const phone = await home(romeo, 'phone');
  const laptop = await home(romeo, 'laptop');
  const balcony = await home(juliet, 'balcony');
  const chamber = await juliet.device('chamber'); // available, not interested
  await send(phone, 'subscribe', juliet);
  for (const device of [phone, laptop]) await push(device, juliet, "subscription='none' ask='subscribe'");
  for (const device of [balcony, chamber])
    await device.receives`<presence type='subscribe' from='${romeo.jid}' to='${juliet.jid}' id='subscribe-1'/>`;
  await send(chamber, 'subscribed', romeo);
  for (const device of [phone, laptop]) await told(device, 'subscribed', juliet, "subscription='to'");
  await push(balcony, romeo, "subscription='from'");
  for (const device of [phone, laptop, balcony, chamber]) await device.receivesNothing();
});

scenario('RFC 6121 §3.1.4 a denial; §3.2 a cancellation; §3.3 an unsubscription', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const [phone, balcony] = [await home(romeo), await home(juliet)];
  await send(phone, 'subscribe', juliet);
  await balcony.receives`<presence type='subscribe' from='${romeo.jid}'/>`;
  await push(phone, juliet, "ask='subscribe'");
  await send(balcony, 'unsubscribed', romeo);
  await told(phone, 'unsubscribed', juliet, "subscription='none'");
  await balcony.receivesNothing(); // no item for a request that was denied

  await befriend(phone, romeo, balcony, juliet);
  await send(balcony, 'unsubscribed', romeo);
  await told(phone, 'unsubscribed', juliet, "subscription='from'");
  await push(balcony, romeo, "subscription='to'");
  await send(balcony, 'unsubscribe', romeo);
  await told(phone, 'unsubscribe', juliet, "subscription='none'");
  await push(balcony, romeo, "subscription='none'");
});

scenario('RFC 6121 §2.5.2 removing a contact ends both subscriptions', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [phone, balcony] = [await home(romeo), await home(juliet)];
  await befriend(phone, romeo, balcony, juliet);
  await phone.iq(
    'set',
    '',
    `<query xmlns='jabber:iq:roster'><item jid='${juliet.jid}' subscription='remove'/></query>`,
  );
  await push(phone, juliet, "subscription='remove'");
  await told(balcony, 'unsubscribe', romeo, "subscription='to'");
  await told(balcony, 'unsubscribed', romeo, "subscription='none'");
});

scenario('RFC 6121 §3.1.3 the contact is offline: the request waits', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  await juliet.register();
  const phone = await home(romeo);
  await send(phone, 'subscribe', juliet);
  await push(phone, juliet, "ask='subscribe'");
  const balcony = await home(juliet);
  await send(balcony, 'subscribed', romeo);
  await push(balcony, romeo, "subscription='from'");
  await told(phone, 'subscribed', juliet, "subscription='to'");
});

scenario('RFC 6121 §3.1.6 the user is offline when he is approved', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const phone = await home(romeo);
  const balcony = await home(juliet);
  await send(phone, 'subscribe', juliet);
  await balcony.receives`<presence type='subscribe' from='${romeo.jid}'/>`;
  await push(phone, juliet, "ask='subscribe'");
  await phone.close();
  await send(balcony, 'subscribed', romeo);
  await push(balcony, romeo, "subscription='from'");
  const later = await romeo.device('later');
  const roster = await later.iq('get', '', "<query xmlns='jabber:iq:roster'/>");
  const item = roster.children.flatMap((q) => (typeof q === 'string' ? [] : q.children)).find(() => true);
  if (typeof item !== 'object' || item.attrs.subscription !== 'to' || item.attrs.ask !== undefined)
    throw new Error(JSON.stringify(roster));
});

scenario('RFC 6121 §3.4 a pre-approval', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [phone, balcony] = [await home(romeo), await home(juliet)];
  await send(balcony, 'subscribed', romeo);
  await push(balcony, romeo, "subscription='none' approved='true'");
  await phone.receivesNothing();
  await send(phone, 'subscribe', juliet);
  await push(phone, juliet, "ask='subscribe'");
  await told(phone, 'subscribed', juliet, "subscription='to'");
  await push(balcony, romeo, "subscription='from' approved='true'");
  if (balcony.has("<presence type='subscribe'/>")) throw new Error('the request was delivered');
  await send(balcony, 'unsubscribed', romeo);
  await told(phone, 'unsubscribed', juliet, "subscription='none'");
  const item = await push(balcony, romeo, "subscription='none'");
  if (JSON.stringify(item).includes('approved')) throw new Error('the approval is still there');
});

scenario('RFC 6121 §3.1.2 addresses', { edges: [1, 3] }, async ({ romeo, juliet, world }) => {
  const [phone, balcony] = [await home(romeo), await home(juliet)];
  await phone.sends`<presence type='subscribe' to='${juliet.jid}/nowhere' id='f1'/>`;
  await balcony.receives`<presence type='subscribe' id='f1' to='${juliet.jid}' from='${romeo.jid}'/>`;
  await push(phone, juliet, "ask='subscribe'");
  await phone.sends`<presence type='subscribe' id='f2'/>`;
  await phone.receives`<presence type='error' id='f2'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`;
  await phone.sends`<presence type='subscribe' to='juliet@elsewhere.example' id='f3'/>`;
  await phone.receives`<presence type='error' id='f3'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>`;
  // §8.5.1: nobody learns that there is no such account.
  await phone.sends`<presence type='subscribe' to='nobody-at-all@${world.domain}' id='f4'/>`;
  await phone.receives`<iq type='set'><query xmlns='jabber:iq:roster'><item jid='nobody-at-all@${world.domain}' ask='subscribe'/></query></iq>`;
  if (phone.has("<presence id='f4'/>")) throw new Error('an answer for nobody');
});

scenario('a removed account is gone from its contacts’ rosters', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [phone, balcony] = [await home(romeo), await home(juliet)];
  await befriend(phone, romeo, balcony, juliet);
  await phone.sends`<iq type='set' id='u1'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
  await told(balcony, 'unsubscribe', romeo, "subscription='to'");
  await told(balcony, 'unsubscribed', romeo, "subscription='none'");
});
