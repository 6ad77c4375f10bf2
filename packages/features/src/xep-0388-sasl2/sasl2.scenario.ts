import assert from 'node:assert/strict';
import { authenticate2, childOf, RefusedError, scenario } from '@starling/testkit';

scenario(
  'XEP-0388 a login without a restart of the stream, beside one that has it, and one that fails',
  { edges: [1, 3], transports: ['tcp', 'tls', 'ws'] },
  async ({ romeo, connect }) => {
    await romeo.register();
    const { username, password } = romeo;
    const client = await connect();
    await client.negotiate(romeo.jid);
    const wrong = authenticate2(client, { username, secret: 'wrong', mechanism: 'SCRAM-SHA-256' });
    await assert.rejects(wrong, RefusedError);
    const success = await authenticate2(client, { username, secret: password, mechanism: 'SCRAM-SHA-256' });
    assert.deepEqual(childOf(success, 'authorization-identifier')?.children, [romeo.jid]);
    await client.receives`<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>`;
    await client.bind('orchard');
    const old = await romeo.device('balcony');
    await client.sends`<message to='${old.jid}' type='chat'><body>hark</body></message>`;
    await old.receives`<message from='${client.jid}'><body>hark</body></message>`;
  },
);
