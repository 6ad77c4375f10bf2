import { scenario } from '@starling/testkit';

scenario('XEP-0115 §6.3 the server tells its capabilities in the stream', { edges: [1, 3] }, async (scene) => {
  const { romeo, connect, world } = scene;
  await romeo.register();
  const hashes = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const client = await connect();
    await client.negotiate();
    await client.authenticate(romeo.username, romeo.password);
    const features = await client.openStream();
    const caps = features.children.find((c) => typeof c !== 'string' && c.name === 'c');
    if (caps === undefined || typeof caps === 'string') throw new Error('no capabilities in the stream features');
    const { hash, node, ver } = caps.attrs;
    if (hash !== 'sha-1' || !node || !ver) throw new Error('§4: hash, node and ver');
    hashes.add(`${node}#${ver}`);
    await client.bind();
    await client.sends`<iq type='get' id='c1' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}#${ver}'/></iq>`;
    await client.receives`<iq type='result' id='c1'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}#${ver}'><identity category='server' type='im'/><feature var='http://jabber.org/protocol/caps'/></query></iq>`;
    await client.sends`<iq type='get' id='c2' to='${world.domain}'><query xmlns='http://jabber.org/protocol/disco#info' node='${node}#other'/></iq>`;
    await client.receives`<iq type='error' id='c2'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  }
  if (hashes.size !== 1) throw new Error('the edges differ');
});
