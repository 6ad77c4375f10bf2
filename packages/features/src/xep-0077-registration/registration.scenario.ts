import { login, RefusedError, scenario } from '@starling/testkit';

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
  'XEP-0077 a new password replaces the old one',
  { edges: [1, 3] },
  async ({ romeo, world, transport, keep }) => {
    const [home] = await romeo.devices('home');
    await home.sends`<iq type='set' id='c1' to='${world.domain}'><query xmlns='jabber:iq:register'><username>${romeo.username}</username><password>new</password></query></iq>`;
    await home.receives`<iq type='result' id='c1'/>`;
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
