import assert from 'node:assert/strict';
import { childOf, scenario } from '@starling/testkit';

scenario(
  'XEP-0440 behind TLS of our own the types of channel binding are told, and -PLUS is offered by SASL2',
  { edges: [1, 3], transports: ['tcp', 'tls', 'ws'] },
  async ({ connect, transport }) => {
    const client = await connect();
    const features = await client.negotiate();
    const types = childOf(features, 'sasl-channel-binding', 'urn:xmpp:sasl-cb:0')?.children ?? [];
    const isBound = transport !== 'ws';
    assert.deepEqual(
      types.map((type) => (typeof type === 'string' ? type : type.attrs.type)),
      isBound ? ['tls-exporter', 'tls-server-end-point'] : [],
    );
    const isOffered = (name: string, ns: string) => {
      const mechanisms = childOf(features, name, ns)?.children ?? [];
      return mechanisms.some((c) => typeof c !== 'string' && c.children.includes('SCRAM-SHA-256-PLUS'));
    };
    assert.equal(isOffered('authentication', 'urn:xmpp:sasl:2'), isBound);
    assert.equal(isOffered('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl'), false);
  },
);
