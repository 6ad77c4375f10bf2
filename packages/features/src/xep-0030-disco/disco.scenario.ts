import { befriend, scenario } from '@starling/testkit';

scenario('XEP-0030 server and account say what they are', { edges: [1, 3] }, async ({ romeo, world }) => {
  const [home, phone] = await romeo.devices('home', 'phone');
  await home.sends`<iq type='get' id='d1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/><feature var='urn:xmpp:ping'/></query></iq>`;
  await home.sends`<iq type='get' id='d2' to='${romeo.jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d2'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query></iq>`;
  await home.sends`<iq type='get' id='d3' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
  await home.receives`<iq type='result' id='d3'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
  await home.sends`<iq type='get' id='d4' to='${romeo.jid}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
  await home.receives`<iq type='result' id='d4'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='${home.jid}'/><item jid='${phone.jid}'/></query></iq>`;
});

scenario('XEP-0030 §3.2 an unknown node is item-not-found', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  for (const [to, what] of [
    [world.domain, 'info'],
    [world.domain, 'items'],
    [romeo.jid, 'info'],
    [romeo.jid, 'items'],
  ] as const) {
    await home.sends`<iq type='get' id='d1' to='${to}'><query xmlns='http://jabber.org/protocol/disco#${what}' node='x'/></iq>`;
    await home.receives`<iq type='error' id='d1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  }
});

scenario('XEP-0030 §4.1 a contact is told of the account and of its resources', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const home = await romeo.device('home');
  const [balcony, chamber] = await juliet.devices('balcony', 'chamber');
  await befriend(home, balcony);
  await home.sends`<iq type='get' id='d1' to='${juliet.jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d1' from='${juliet.jid}'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query></iq>`;
  await home.sends`<iq type='get' id='d2' to='${juliet.jid}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
  await home.receives`<iq type='result' id='d2' from='${juliet.jid}'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='${balcony.jid}'/><item jid='${chamber.jid}'/></query></iq>`;
  await balcony.sends`<presence type='unsubscribed' to='${romeo.jid}'/>`;
  await home.receives`<presence type='unavailable' from='${balcony.jid}'/>`;
  await home.sends`<iq type='get' id='d3' to='${juliet.jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='error' id='d3'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
});

scenario(
  'XEP-0030 §8 a stranger learns nothing, not even whether there is an account',
  { edges: [1, 3] },
  async ({ romeo, juliet, world }) => {
    const [home] = await romeo.devices('home');
    await juliet.devices('balcony');
    for (const to of [juliet.jid, `nobody-${romeo.username}@${world.domain}`]) {
      for (const node of ['', ` node='x'`]) {
        const info = await home.iq('get', to, `<query xmlns='http://jabber.org/protocol/disco#info'${node}/>`);
        if (!isError(info, 'service-unavailable')) throw new Error(`told of ${to}`);
        const items = await home.iq('get', to, `<query xmlns='http://jabber.org/protocol/disco#items'${node}/>`);
        const [query] = items.children;
        if (items.attrs.type !== 'result' || typeof query === 'string' || query?.children.length !== 0)
          throw new Error(`items of ${to}`);
      }
    }
  },
);

function isError(iq: { attrs: Readonly<Record<string, string>>; children: readonly unknown[] }, condition: string) {
  return iq.attrs.type === 'error' && JSON.stringify(iq.children).includes(`"${condition}"`);
}
