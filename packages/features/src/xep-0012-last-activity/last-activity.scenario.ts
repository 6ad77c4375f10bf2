import { scenario } from '@starling/testkit';

scenario('XEP-0012 the server, the own account, strangers', { edges: [1, 3] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  await juliet.devices('balcony');
  await home.sends`<iq type='get' id='l1' to='${world.domain}'><query xmlns='jabber:iq:last'/></iq>`;
  const answer = await home.receives`<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='…'/></iq>`;
  const [query] = answer.children;
  if (typeof query === 'string' || !/^\d+$/.test(query?.attrs.seconds ?? '')) throw new Error('§5 the uptime');
  await home.sends`<iq type='get' id='l2'><query xmlns='jabber:iq:last'/></iq>`;
  await home.receives`<iq type='result' id='l2'><query xmlns='jabber:iq:last' seconds='0'/></iq>`;
  for (const to of [juliet.jid, `nobody-${romeo.username}@${world.domain}`]) {
    await home.sends`<iq type='get' id='l3' to='${to}'><query xmlns='jabber:iq:last'/></iq>`;
    await home.receives`<iq type='error' id='l3' from='${to}'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  }
});
