import assert from 'node:assert/strict';
import { type Scene, scenario, showElement } from '@starling/testkit';
import type { Element } from '@starling/xml';

const limits = (maxBytes: number, idleSeconds?: number) => {
  const idle = idleSeconds === undefined ? '' : `<idle-seconds>${idleSeconds}</idle-seconds>`;
  return `<limits xmlns='urn:xmpp:stream-limits:0'><max-bytes>${maxBytes}</max-bytes>${idle}</limits>`;
};

function limitsIn(features: Element): string {
  const found = features.children.find((c) => typeof c !== 'string' && c.name === 'limits');
  return found === undefined || typeof found === 'string' ? 'none' : showElement(found);
}

/** A client with a resource, and the limits it was told before authentication and behind it. */
async function announced({ romeo, connect }: Scene) {
  await romeo.register();
  const client = await connect();
  const before = limitsIn(await client.negotiate());
  await client.authenticate(romeo.username, romeo.password);
  const after = limitsIn(await client.openStream());
  await client.bind();
  return { client, before, after };
}

scenario('XEP-0478 the server tells its limits, the same on each edge', { edges: [1, 3] }, async (scene) => {
  for (let i = 0; i < 3; i++) {
    const { before, after } = await announced(scene);
    assert.deepEqual([before, after], [limits(262_144), limits(262_144, 120)]);
  }
});

scenario(
  'XEP-0478 what is told is what holds: max-bytes are taken, one more is policy-violation',
  {
    edges: [1],
    modes: ['embedded'],
    ownWorld: true,
    settings: { STARLING_STANZA_BYTES_MAX: '10000', STARLING_PING_INTERVAL: '0s' },
  },
  async (scene) => {
    const { client, before, after } = await announced(scene);
    assert.deepEqual([before, after], [limits(10_000), limits(10_000)]);
    const head = "<iq xmlns='jabber:client' type='get' id='p1'><ping xmlns='urn:xmpp:ping'>";
    const tail = '</ping></iq>';
    const ofBytes = (count: number) => head + 'x'.repeat(count - head.length - tail.length) + tail;
    client.send(ofBytes(10_000));
    await client.receives`<iq type='result' id='p1'/>`;
    client.send(ofBytes(10_001));
    await client.receives`<error xmlns='http://etherx.jabber.org/streams'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
    await client.ended();
  },
);
