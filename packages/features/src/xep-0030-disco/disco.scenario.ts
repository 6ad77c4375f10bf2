import { scenario } from '@starling/testkit';

scenario('XEP-0030 server and account say what they are', { edges: [1, 3] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<iq type='get' id='d1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='server' type='im'/><feature var='urn:xmpp:ping'/></query></iq>`;
  await home.sends`<iq type='get' id='d2' to='${romeo.jid}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await home.receives`<iq type='result' id='d2'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='account' type='registered'/></query></iq>`;
  await home.sends`<iq type='get' id='d3' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
  await home.receives`<iq type='result' id='d3'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;
});

scenario('XEP-0030 §3.2 an unknown node is item-not-found', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<iq type='get' id='d1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info' node='x'/></iq>`;
  await home.receives`<iq type='error' id='d1'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
});
