import { scenario } from '@starling/testkit';

scenario('XEP-0199 §4.2 the server and the own account answer', { edges: [1, 3] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  for (const [id, to] of [
    ['p1', world.domain],
    ['p2', romeo.jid],
  ]) {
    await home.sends`<iq type='get' id='${id ?? ''}' to='${to ?? ''}'><ping xmlns='urn:xmpp:ping'/></iq>`;
    await home.receives`<iq type='result' id='${id ?? ''}' from='${to ?? ''}' to='${home.jid}'/>`;
  }
  await home.sends`<iq type='get' id='p3'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await home.receives`<iq type='result' id='p3'/>`;
});

scenario(
  'RFC 6120 §8.2.3 an unknown request and a stranger’s resource are service-unavailable',
  { edges: [1] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    for (const to of ['', romeo.jid, balcony.jid, juliet.jid]) {
      const answer = await home.iq('get', to, "<query xmlns='urn:example:nothing'/>");
      if (answer.attrs.type !== 'error') throw new Error(`answered for ${to}`);
    }
    await balcony.receivesNothing();
  },
);

scenario(
  'XEP-0199 §4.1 a silent client is pinged, and closed when it stays silent',
  {
    edges: [1, 3],
    settings: { STARLING_PING_INTERVAL: '2s', STARLING_PING_TIMEOUT: '2s' },
  },
  async ({ romeo, world }) => {
    const [dead, alive, old] = await romeo.devices('dead', 'alive', 'old');
    const space = setInterval(() => {
      // RFC 6120 §4.6.1 over TCP; a WebSocket has no whitespace between stanzas (RFC 7395 §3.8).
      if (alive.endpoint.transport === 'ws') alive.sendXml('<presence/>');
      else alive.send(' ');
    }, 300);
    try {
      const ping =
        await old.receives`<iq type='get' from='${world.domain}' to='${old.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`;
      await old.sends`<iq type='error' id='${ping.attrs.id ?? ''}' to='${world.domain}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
      await dead.receives`<iq type='get' from='${world.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`;
      await dead.receives`<error xmlns='http://etherx.jabber.org/streams'><connection-timeout xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
      await dead.ended();
      if (alive.has(`<iq type='get'/>`)) throw new Error('somebody who is not silent was pinged');
      await alive.ping();
    } finally {
      clearInterval(space);
    }
  },
);
