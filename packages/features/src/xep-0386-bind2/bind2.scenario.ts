import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { authenticate2, type Client, childOf, type Scene, scenario } from '@starling/testkit';
import type { Element } from '@starling/xml';

async function arrive(
  { romeo, connect }: Scene,
  client: string,
  inner = '',
): Promise<{ device: Client; bound: Element | undefined }> {
  await romeo.register();
  const device = await connect();
  await device.negotiate(romeo.jid);
  const success = await authenticate2(device, {
    ...{ username: romeo.username, secret: romeo.password, mechanism: 'SCRAM-SHA-256', client },
    inline: `<bind xmlns='urn:xmpp:bind:0'><tag>phone</tag>${inner}</bind>`,
  });
  await device.receives`<stream:features/>`;
  return { device, bound: childOf(success, 'bound', 'urn:xmpp:bind:0') };
}

const metadataIn = (bound: Element | undefined) => childOf(bound, 'metadata', 'urn:xmpp:mam:2');

scenario('XEP-0386 a resource, carbons and the state of the archive at once', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const empty = await arrive(scene, randomUUID());
  assert.deepEqual(metadataIn(empty.bound)?.children, []);
  const laptop = await romeo.device('laptop');
  await juliet.sends`<message to='${romeo.jid}' type='chat'><body>one</body></message>`;
  const first =
    await laptop.receives`<message type='chat'><body>one</body><stanza-id xmlns='urn:xmpp:sid:0' id='…'/></message>`;
  const id = childOf(first, 'stanza-id', 'urn:xmpp:sid:0')?.attrs.id;
  const { device, bound } = await arrive(scene, randomUUID(), "<enable xmlns='urn:xmpp:carbons:2'/>");
  for (const end of ['start', 'end']) assert.equal(childOf(metadataIn(bound), end)?.attrs.id, id);
  await laptop.sends`<message to='${juliet.jid}' type='chat'><body>two</body></message>`;
  await device.receives`<message from='${romeo.jid}'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>two</body></message></forwarded></sent></message>`;
});

scenario('XEP-0386 a client that comes back takes the place of its lost session', { edges: [1, 3] }, async (scene) => {
  const client = randomUUID();
  const { device: lost } = await arrive(scene, client);
  const { device: back } = await arrive(scene, client);
  assert.equal(back.jid, lost.jid);
  await lost.receives`<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>`;
  const { device: another } = await arrive(scene, randomUUID());
  assert.notEqual(another.jid, back.jid);
  await back.ping();
});

scenario('XEP-0386 what has waited is left to the archive', { edges: [1] }, async (scene) => {
  const { romeo, juliet } = scene;
  await romeo.register();
  const home = await juliet.device('home');
  await home.sends`<message to='${romeo.jid}' type='chat'><body>while you were away</body></message>`;
  await home.sends`<message to='${romeo.jid}' type='chat'><body>not for the archive</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>`;
  await home.ping();
  const { device } = await arrive(scene, randomUUID());
  await device.sends`<presence/>`;
  await device.receives`<message type='chat'><body>not for the archive</body></message>`;
  await device.receivesNothing();
});

scenario(
  'XEP-0386 what comes behind the resource and before presence is not lost',
  { edges: [1, 3] },
  async (scene) => {
    const { romeo, juliet } = scene;
    await romeo.register();
    const home = await juliet.device('home');
    await home.sends`<message to='${romeo.jid}' type='chat'><body>before</body></message>`;
    await home.ping();
    const { device } = await arrive(scene, randomUUID());
    await home.sends`<message to='${romeo.jid}' type='chat'><body>behind</body></message>`;
    await home.ping();
    await device.sends`<presence/>`;
    await device.receives`<message type='chat'><body>behind</body></message>`;
    await device.receivesNothing();
  },
);
