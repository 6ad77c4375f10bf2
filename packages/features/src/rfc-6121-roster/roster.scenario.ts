import { type Client, type Person, scenario } from '@starling/testkit';

const ROSTER = "<query xmlns='jabber:iq:roster'/>";
const since = (version: string) => `<query xmlns='jabber:iq:roster' ver='${version}'/>`;

/** Asks for the roster, so that the device is an interested resource (§2.2). */
const ask = (device: Client) => device.iq('get', '', ROSTER);
/** The version of an answer or a push. */
function versionOf(iq: Awaited<ReturnType<Client['iq']>>): string {
  const [query] = iq.children;
  return (typeof query === 'object' && query.attrs.ver) || '';
}
/** Interested devices, and their version. */
async function interested(person: Person, ...names: string[]): Promise<Client[]> {
  const devices = await person.devices(...names);
  for (const device of devices) await ask(device);
  return devices;
}

scenario('RFC 6121 §2.3–§2.5 an item is added, changed, removed', { edges: [1, 3] }, async ({ romeo }) => {
  const [phone, laptop] = (await interested(romeo, 'phone', 'laptop')) as [Client, Client];
  const watch = await romeo.device('watch'); // has not asked for the roster
  await phone.sends`<iq type='set' id='a1'><query xmlns='jabber:iq:roster'><item jid='juliet@example.com' name='朱丽叶'><group>朋友</group><group>Verona</group></item></query></iq>`;
  await phone.receives`<iq type='result' id='a1'/>`;
  for (const device of [phone, laptop])
    await device.receives`<iq type='set' to='${device.jid}' id='…'><query xmlns='jabber:iq:roster' ver='…'><item jid='juliet@example.com' name='朱丽叶' subscription='none'><group>朋友</group><group>Verona</group></item></query></iq>`;
  // §2.4: an item is set as a whole, so what is not said is gone.
  await laptop.sends`<iq type='set' id='a2'><query xmlns='jabber:iq:roster'><item jid='juliet@example.com'/></query></iq>`;
  await laptop.receives`<iq type='result' id='a2'/>`;
  for (const device of [phone, laptop]) {
    const push =
      await device.receives`<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.com' subscription='none'/></query></iq>`;
    if (JSON.stringify(push).includes('group')) throw new Error('the groups are still there');
    device.sendXml(`<iq type='result' id='${push.attrs.id}'/>`); // §2.1.6: answers are taken, and ignored
    device.sendXml(`<iq type='error' id='${push.attrs.id}'><error type='cancel'/></iq>`);
  }
  await phone.sends`<iq type='set' id='a3'><query xmlns='jabber:iq:roster'><item jid='juliet@example.com' subscription='remove'/></query></iq>`;
  await phone.receives`<iq type='result' id='a3'/>`;
  for (const device of [phone, laptop])
    await device.receives`<iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.com' subscription='remove'/></query></iq>`;
  for (const device of [phone, laptop, watch]) await device.receivesNothing();
  const roster = await ask(watch);
  if (JSON.stringify(roster).includes('juliet')) throw new Error('the item is still there');
});

scenario('RFC 6121 §2.3.3, §2.5.3 what is refused', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  await juliet.register();
  const [home] = (await interested(romeo, 'home')) as [Client];
  const refusals: readonly (readonly [string, string, string])[] = [
    ['', "<item jid='a@b'/><item jid='c@d'/>", 'bad-request'],
    ['', "<item jid='a@b'><group>x</group><group>x</group></item>", 'bad-request'],
    ['', `<item jid='a@b' name='${'n'.repeat(1_024)}'/>`, 'not-acceptable'],
    ['', "<item jid='a@b'><group/></item>", 'not-acceptable'],
    ['', `<item jid='a@b'><group>${'n'.repeat(1_024)}</group></item>`, 'not-acceptable'],
    ['', "<item jid='a@b' subscription='remove'/>", 'item-not-found'],
    ['', "<item jid='a b@c'/>", 'jid-malformed'],
    ['', `<item jid='${romeo.jid}'/>`, 'not-allowed'],
    [juliet.jid, "<item jid='a@b'/>", 'forbidden'],
  ];
  for (const [to, item, condition] of refusals) {
    const answer = await home.iq('set', to, `<query xmlns='jabber:iq:roster'>${item}</query>`);
    if (!JSON.stringify(answer).includes(`"${condition}"`))
      throw new Error(`${item}: ${JSON.stringify(answer)}, not ${condition}`);
  }
  const spying = await home.iq('get', juliet.jid, ROSTER);
  if (!JSON.stringify(spying).includes('"service-unavailable"')) throw new Error(JSON.stringify(spying));
  await home.receivesNothing();
});

scenario('RFC 6121 §2.6 versions', { edges: [1, 3] }, async ({ romeo, connect }) => {
  const [home] = (await interested(romeo, 'home')) as [Client];
  const bootstrap = versionOf(await home.iq('get', romeo.jid, since(''))); // §2.6.2
  const unchanged = await home.iq('get', '', since(bootstrap));
  if (unchanged.children.length > 0) throw new Error(`not empty: ${JSON.stringify(unchanged)}`);
  const add = async (jid: string, more = '') => {
    await home.iq('set', '', `<query xmlns='jabber:iq:roster'><item jid='${jid}' ${more}/></query>`);
    return versionOf(
      await home.receives`<iq type='set'><query ver='…' xmlns='jabber:iq:roster'><item jid='${jid}'/></query></iq>`,
    );
  };
  const first = await add('a@example.com');
  await add('b@example.com');
  await add('a@example.com', "name='A'");
  const last = await add('b@example.com', "subscription='remove'");

  const later = await romeo.device('later');
  const difference = await later.iq('get', '', since(first));
  if (difference.children.length > 0) throw new Error(`not empty: ${JSON.stringify(difference)}`);
  await later.receives`<iq type='set'><query xmlns='jabber:iq:roster' ver='…'><item jid='a@example.com' name='A'/></query></iq>`;
  const end =
    await later.receives`<iq type='set'><query xmlns='jabber:iq:roster' ver='…'><item jid='b@example.com' subscription='remove'/></query></iq>`;
  if (versionOf(end) !== last) throw new Error(`the difference ends at ${versionOf(end)}, not ${last}`);
  await later.receivesNothing();
  const foreign = await later.iq('get', '', since('ver14'));
  if (versionOf(foreign) !== last) throw new Error('a version of somebody else: the whole roster is wanted');

  const stranger = await connect();
  await stranger.negotiate();
  await stranger.authenticate(romeo.username, romeo.password);
  const features = JSON.stringify(await stranger.openStream());
  for (const ns of ['urn:xmpp:features:rosterver', 'urn:xmpp:features:pre-approval'])
    if (!features.includes(ns)) throw new Error(`${ns} is not announced`);
});
