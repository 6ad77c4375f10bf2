import assert from 'node:assert/strict';
import { type Client, type ReadEntry, readLog, scenario } from '@starling/testkit';

const HINTS = 'urn:xmpp:hints';
const [PASSING, ARCHIVED] = [1, 2];

scenario(
  'XEP-0334 §4.1, §4.2, §4.4 what is stored of a message',
  { edges: [1, 3], modes: ['cluster'] },
  async (scene) => {
    const { romeo, juliet, world } = scene;
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    const say = async (from: Client, id: string, content: string, type = 'chat') => {
      from.sendXml(`<message to='${juliet.jid}' type='${type}' id='${id}'>${content}</message>`);
      await balcony.receive(`<message id='${id}'>${content}</message>`);
    };
    const hint = (name: string) => `<${name} xmlns='${HINTS}'/>`;
    await say(home, 'plain', '<body>x</body>');
    await say(home, 'no-store', `<body>x</body>${hint('no-store')}`);
    await say(home, 'for-a-while', `<body>x</body>${hint('no-permanent-store')}`);
    await say(home, 'store', `<x xmlns='urn:example:other'/>${hint('store')}`);
    await say(home, 'headline', `<body>x</body>${hint('store')}`, 'headline');
    const expected = [
      ['plain', ARCHIVED],
      ['for-a-while', PASSING],
      ['store', ARCHIVED],
      ['headline', ARCHIVED],
    ];
    const shown = ({ stanza, fate }: ReadEntry) => [stanza.attrs.id, fate];
    for (const { jid } of [romeo, juliet]) assert.deepEqual((await readLog(world.natsUrl, jid)).map(shown), expected);
  },
);

scenario(
  'XEP-0334 §4.3 no-copy does not keep a message to the account from its devices',
  { edges: [1, 3] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony, garden] = await juliet.devices('balcony', 'garden');
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body><no-copy xmlns='urn:xmpp:hints'/></message>`;
    for (const device of [balcony, garden])
      await device.receives`<message id='m1'><no-copy xmlns='urn:xmpp:hints'/></message>`;
  },
);
