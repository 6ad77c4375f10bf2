import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  authenticate2,
  type Client,
  childOf,
  type HashedTokenMechanism,
  RefusedError,
  type Sasl2Login,
  type Scene,
  scenario,
  tokenIn,
} from '@starling/testkit';
import type { Element } from '@starling/xml';

const FAST = 'urn:xmpp:fast:0';
const BIND = "<bind xmlns='urn:xmpp:bind:0'><tag>phone</tag></bind>";

/** A login on a connection of its own, on the next edge. */
async function arrive(
  { romeo, connect }: Scene,
  login: Partial<Sasl2Login>,
): Promise<{ device: Client; token: string; success: Element }> {
  const device = await connect();
  await device.negotiate(romeo.jid);
  const success = await authenticate2(device, {
    ...{ username: romeo.username, secret: romeo.password, mechanism: 'SCRAM-SHA-256', ...login },
  });
  return { device, token: tokenIn(success)?.token ?? '', success };
}

const mechanismOf = ({ transport }: Scene): HashedTokenMechanism =>
  transport === 'ws' ? 'HT-SHA-256-NONE' : 'HT-SHA-256-EXPR';
const request = (scene: Scene) => `<request-token xmlns='${FAST}' mechanism='${mechanismOf(scene)}'/>`;
const fast = (attributes = '') => `<fast xmlns='${FAST}' ${attributes}/>`;

async function refused(login: Promise<unknown>): Promise<void> {
  await assert.rejects(login, (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    return error.element.name === 'failure';
  });
}

scenario(
  'XEP-0484 a token of one edge opens every other, until a newer one is used',
  { edges: [1, 3] },
  async (scene) => {
    await scene.romeo.register();
    const [client, mechanism] = [randomUUID(), mechanismOf(scene)];
    const { token: first } = await arrive(scene, { client, inline: request(scene) });
    for (let count = 1; count <= 3; count++) {
      const { device } = await arrive(scene, {
        client,
        mechanism,
        secret: first,
        inline: BIND + fast(`count='${count}'`),
      });
      await device.ping();
    }
    await refused(arrive(scene, { client, mechanism, secret: first, inline: fast("count='3'") }));
    const { token: second } = await arrive(scene, {
      client,
      mechanism,
      secret: first,
      inline: fast() + request(scene),
    });
    assert.notEqual(second, first);
    await arrive(scene, { client, mechanism, secret: first, inline: fast() });
    await arrive(scene, { client, mechanism, secret: second, inline: fast() });
    await refused(arrive(scene, { client, mechanism, secret: first, inline: fast() }));
    await arrive(scene, { client, mechanism, secret: second, inline: fast("invalidate='1'") });
    await refused(arrive(scene, { client, mechanism, secret: second, inline: fast() }));
  },
);

scenario('XEP-0484 a new password ends all tokens, the end of the account too', { edges: [1, 3] }, async (scene) => {
  const { romeo, world } = scene;
  await romeo.register();
  const [client, other, mechanism] = [randomUUID(), randomUUID(), mechanismOf(scene)];
  const { device, token } = await arrive(scene, { client, inline: BIND + request(scene) });
  const { token: another } = await arrive(scene, { client: other, inline: request(scene) });
  await device.sends`<iq type='set' id='c1' to='${world.domain}'><query xmlns='jabber:iq:register'><username>${romeo.username}</username><password>new</password></query></iq>`;
  await device.receives`<iq type='result' id='c1'/>`;
  await refused(arrive(scene, { client, mechanism, secret: token, inline: fast() }));
  await refused(arrive(scene, { client: other, mechanism, secret: another, inline: fast() }));
  const { token: newer } = await arrive(scene, { client, secret: 'new', inline: request(scene) });
  await arrive(scene, { client, mechanism, secret: newer, inline: fast() });
  await device.sends`<iq type='set' id='u1'><query xmlns='jabber:iq:register'><remove/></query></iq>`;
  await device.ended();
  await refused(arrive(scene, { client, mechanism, secret: newer, inline: fast() }));
});

scenario(
  'XEP-0484 with XEP-0198 in it: the session goes on at another edge, in one round trip, and what came meanwhile follows',
  { edges: [1, 3] },
  async (scene) => {
    const { romeo, juliet } = scene;
    await romeo.register();
    const home = await juliet.device('home');
    const [client, mechanism] = [randomUUID(), mechanismOf(scene)];
    const enable = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
    const bind = `<bind xmlns='urn:xmpp:bind:0'><tag>phone</tag>${enable}</bind>`;
    const { device: lost, token, success } = await arrive(scene, { client, inline: bind + request(scene) });
    const enabled = childOf(childOf(success, 'bound', 'urn:xmpp:bind:0'), 'enabled', 'urn:xmpp:sm:3');
    assert.equal(enabled?.attrs.resume, 'true');
    await lost.receives`<stream:features/>`;
    await lost.sends`<presence/>`;
    await lost.receives`<presence from='${lost.jid}'/>`;
    await lost.destroy();
    await home.sends`<message to='${romeo.jid}' type='chat'><body>meanwhile</body></message>`;
    await home.ping();
    const resume = `<resume xmlns='urn:xmpp:sm:3' previd='${enabled?.attrs.id ?? ''}' h='1'/>`;
    const inline = resume + bind + fast("count='1'");
    const { device: back, success: again } = await arrive(scene, { client, mechanism, secret: token, inline });
    assert.ok(childOf(again, 'resumed', 'urn:xmpp:sm:3'));
    assert.equal(childOf(again, 'bound', 'urn:xmpp:bind:0'), undefined, 'it has one');
    assert.equal(back.jid, lost.jid);
    await back.receives`<message type='chat'><body>meanwhile</body></message>`;
    assert.equal(back.has('<stream:features/>'), false, 'the stream is re-established');
    await back.sends`<message to='${juliet.jid}' type='chat'><body>still here</body></message>`;
    await home.receives`<message from='${lost.jid}'><body>still here</body></message>`;
  },
);

scenario('XEP-0198 inline: where there is nothing to resume, there is a new session', { edges: [1] }, async (scene) => {
  await scene.romeo.register();
  const resume = "<resume xmlns='urn:xmpp:sm:3' previd='of-nobody' h='0'/>";
  const { device, success } = await arrive(scene, { client: randomUUID(), inline: resume + BIND });
  const failed = childOf(success, 'failed', 'urn:xmpp:sm:3');
  assert.ok(childOf(failed, 'item-not-found', 'urn:ietf:params:xml:ns:xmpp-stanzas'));
  assert.ok(childOf(success, 'bound', 'urn:xmpp:bind:0'));
  await device.ping();
});

scenario(
  'XEP-0484 @xmpp/client comes back with its token, to the resource that it had (XEP-0386)',
  { edges: [1, 3], transports: ['ws', 'tls'] },
  async ({ foreign, romeo, juliet }) => {
    const client = await foreign('xmpp-client', romeo, 'phone');
    const first = client.jid;
    for (let n = 0; n < 2; n++) assert.deepEqual(await client.again(), { jid: first, mechanism: 'HT-SHA-256-NONE' });
    const balcony = await juliet.device('balcony');
    await balcony.sends`<message to='${first}' type='chat'><body>still you</body></message>`;
    assert.equal((await client.messages(1))[0]?.body, 'still you');
  },
);
