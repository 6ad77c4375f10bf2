import { scenario } from '@starling/testkit';

const settings = { STARLING_CONTACT_ABUSE: 'mailto:abuse@shakespeare.lit xmpp:abuse@shakespeare.lit' };

scenario(
  'XEP-0157 §3 the server says where abuse is reported',
  { edges: [1, 3], settings },
  async ({ romeo, world }) => {
    for (const home of await romeo.devices('home', 'phone', 'watch')) {
      await home.sends`<iq type='get' id='d1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
      await home.receives`<iq type='result' id='d1'><query xmlns='http://jabber.org/protocol/disco#info'><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field><field var='abuse-addresses'><value>mailto:abuse@shakespeare.lit</value><value>xmpp:abuse@shakespeare.lit</value></field></x></query></iq>`;
    }
  },
);
