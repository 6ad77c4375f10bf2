import { login, RefusedError, registerAccount, scenario } from '@starling/testkit';

scenario('XEP-0077 a name that is taken is a conflict', { edges: [1, 3] }, async ({ romeo, connect }) => {
  await romeo.register();
  const stranger = await connect();
  await stranger.negotiate();
  await stranger.sends`<iq type='get' id='r0'><query xmlns='jabber:iq:register'/></iq>`;
  await stranger.receives`<iq type='result' id='r0'><query xmlns='jabber:iq:register'><username/><password/></query></iq>`;
  await stranger.sends`<iq type='set' id='r1'><query xmlns='jabber:iq:register'><username>${romeo.username}</username><password>x</password></query></iq>`;
  await stranger.receives`<iq type='error' id='r1'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  await stranger.sends`<iq type='set' id='r2'><query xmlns='jabber:iq:register'><username>x</username><password/></query></iq>`;
  await stranger.receives`<iq type='error' id='r2'><error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  await stranger.sends`<iq type='set' id='r3'><query xmlns='jabber:iq:register'><username>a b</username><password>x</password></query></iq>`;
  await stranger.receives`<iq type='error' id='r3'><error type='modify'><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
});

scenario(
  'XEP-0077 a new password replaces the old one, and ends no session',
  { edges: [1, 3] },
  async ({ romeo, world, transport, keep }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    await home.sends`<iq type='set' id='c1' to='${world.domain}'><query xmlns='jabber:iq:register'><username>${romeo.username}</username><password>new</password></query></iq>`;
    await home.receives`<iq type='result' id='c1'/>`;
    for (const device of [home, phone]) await device.ping();
    keep(await login(world.endpoint(transport), world.domain, { username: romeo.username, password: 'new' }));
    try {
      keep(
        await login(world.endpoint(transport), world.domain, { username: romeo.username, password: romeo.password }),
      );
    } catch (error) {
      if (error instanceof RefusedError) return;
      throw error;
    }
    throw new Error('the old password still opens');
  },
);

scenario(
  'XEP-0077 a removed account is gone, its sessions on all edges with it',
  { edges: [1, 3] },
  async ({ romeo, world, transport }) => {
    const [home, phone] = await romeo.devices('home', 'phone');
    await home.sends`<iq type='set' id='u1'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
    for (const device of [home, phone]) {
      await device.receives`<error xmlns='http://etherx.jabber.org/streams'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
      await device.ended();
    }
    try {
      await login(world.endpoint(transport), world.domain, { username: romeo.username, password: romeo.password });
    } catch (error) {
      if (error instanceof RefusedError) return;
      throw error;
    }
    throw new Error('a removed account logged in');
  },
);

scenario(
  'XEP-0077 an account that somebody else registers again has nothing of the old one',
  { edges: [1, 3] },
  async ({ romeo, juliet, world, transport, keep }) => {
    const [balcony] = await juliet.devices('balcony');
    const [home, phone] = await romeo.devices('home', 'phone');
    for (const [type, payload] of [
      ['set', `<vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard>`],
      ['set', `<query xmlns='jabber:iq:private'><x xmlns='urn:example'>secret</x></query>`],
      ['set', `<block xmlns='urn:xmpp:blocking'><item jid='${juliet.jid}'/></block>`],
    ] as const) {
      const answer = await home.iq(type, '', payload);
      if (answer.attrs.type !== 'result') throw new Error(`refused: ${payload}`);
    }
    await home.sends`<iq type='set' id='u1'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
    for (const device of [home, phone]) await device.ended();
    // §3.2, and RFC 6121 §8.5.1: nobody is there.
    await balcony.sends`<message to='${romeo.jid}' type='chat' id='m1'><body>x</body></message>`;
    await balcony.receives`<message type='error' id='m1'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
    await balcony.sends`<iq type='get' id='v1' to='${romeo.jid}'><vCard xmlns='vcard-temp'/></iq>`;
    await balcony.receives`<iq type='error' id='v1'/>`;

    await registerAccount(world.endpoint(transport), world.domain, romeo.username, 'of somebody else');
    const credentials = { username: romeo.username, password: 'of somebody else', resource: 'home' };
    const heir = keep(await login(world.endpoint(transport), world.domain, credentials));
    await heir.sends`<presence/>`;
    await heir.receives`<presence from='${heir.jid}'/>`;
    await heir.sends`<iq type='get' id='v2'><vCard xmlns='vcard-temp'/></iq>`;
    await heir.receives`<iq type='error' id='v2'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
    const stored = await heir.iq('get', '', `<query xmlns='jabber:iq:private'><x xmlns='urn:example'/></query>`);
    const list = await heir.iq('get', '', `<blocklist xmlns='urn:xmpp:blocking'/>`);
    for (const [what, answer] of Object.entries({ stored, list })) {
      if (answer.attrs.type !== 'result' || /secret|item/.test(JSON.stringify(answer))) throw new Error(`sees ${what}`);
    }
    await balcony.sends`<message to='${romeo.jid}' type='chat' id='m2'><body>to the new one</body></message>`;
    await heir.receives`<message id='m2'/>`;
    await heir.receivesNothing();
  },
);
