import assert from 'node:assert/strict';
import type { Client } from '../client.ts';
import { readLog } from '../read-log.ts';
import { scenario } from '../scenario.ts';
import { childOf, textOf } from '../show-element.ts';

const MESSAGES = 1_000;
const LONG_MS = 60_000;

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const bodyOf = (element: Parameters<typeof childOf>[0]) => {
  const body = childOf(element, 'body');
  return body ? textOf(body) : '';
};

scenario(
  `slixmpp over STARTTLS and @xmpp/client over WebSocket: ${MESSAGES} messages each way, in order`,
  { edges: [1, 3], transports: ['ws'] },
  async (scene) => {
    const [romeo, juliet] = await Promise.all([
      scene.foreign('slixmpp', scene.romeo, 'orchard', { transport: 'tcp' }),
      scene.foreign('xmpp-client', scene.juliet, 'balcony', { transport: 'ws' }),
    ]);
    for (const i of numbers(MESSAGES)) {
      romeo.send(scene.juliet.jid, `romeo ${i}`);
      juliet.send(scene.romeo.jid, `juliet ${i}`);
    }
    const [toRomeo, toJuliet] = await Promise.all([
      romeo.messages(MESSAGES, LONG_MS),
      juliet.messages(MESSAGES, LONG_MS),
    ]);
    assert.deepEqual(
      toRomeo.map((m) => m.body),
      numbers(MESSAGES).map((i) => `juliet ${i}`),
    );
    assert.deepEqual(
      toJuliet.map((m) => m.body),
      numbers(MESSAGES).map((i) => `romeo ${i}`),
    );
  },
);

scenario(
  'two devices on two edges get what three people send to the bare address in the same order',
  { edges: [1, 3] },
  async (scene) => {
    const devices = await scene.juliet.devices('phone', 'laptop');
    const senders: Client[] = [];
    for (const name of ['romeo', 'nurse', 'peter']) senders.push(await scene.person(name).online());
    const each = 50;
    for (const i of numbers(each)) {
      for (const sender of senders)
        await sender.sends`<message to='${scene.juliet.jid}' type='chat'><body>${sender.jid} ${i}</body></message>`;
    }
    const [phone, laptop] = await Promise.all(
      devices.map(async (d) => (await d.messages(each * senders.length)).map(bodyOf)),
    );
    assert.deepEqual(phone, laptop);
    for (const sender of senders) {
      const own = phone?.filter((body) => body.startsWith(`${sender.jid} `));
      assert.deepEqual(
        own,
        numbers(each).map((i) => `${sender.jid} ${i}`),
      );
    }
  },
);

scenario(
  'two devices on two edges and who asks the archive see the same order',
  { edges: [3], transports: ['tcp', 'ws'] },
  async ({ juliet, person, world }) => {
    const devices = await juliet.devices('phone', 'laptop');
    const senders = [await person('romeo').online(), await person('nurse').online()];
    const each = 50;
    for (const i of numbers(each)) {
      for (const sender of senders)
        await sender.sends`<message to='${juliet.jid}' type='chat'><body>${sender.jid} ${i}</body></message>`;
    }
    const count = each * senders.length;
    const [phone, laptop] = await Promise.all(devices.map(async (d) => (await d.messages(count)).map(bodyOf)));
    const archived = await readLog(world.natsUrl, juliet.jid);
    assert.deepEqual(phone, laptop);
    assert.deepEqual(
      archived.filter(({ stanza }) => stanza.name === 'message').map(({ stanza }) => bodyOf(stanza)),
      phone,
    );
  },
);

scenario('a burst comes in order, whatever its kinds', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [from, to] = [await romeo.online(), await juliet.online()];
  const count = 200;
  for (const i of numbers(count))
    await from.sends`<message to='${juliet.jid}' type='${i % 2 === 0 ? 'chat' : 'normal'}'><body>${i}</body></message>`;
  assert.deepEqual((await to.messages(count)).map(bodyOf), numbers(count).map(String));
  await to.receivesNothing();
});
