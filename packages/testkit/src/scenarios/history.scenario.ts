import assert from 'node:assert/strict';
import { scenario } from '../scenario.ts';

const MESSAGES = 60;
const PAGE_SIZE = 25;

scenario(
  'slixmpp and stanza catch up by XEP-0313 with what was said while they were away',
  { edges: [1, 3], transports: ['ws'] },
  async (scene) => {
    const { romeo, juliet, nurse } = scene;
    await Promise.all([juliet.register(), nurse.register()]);
    const home = await romeo.online();
    const said = Array.from({ length: MESSAGES }, (_, i) => `小声 ${i} <&>`);
    for (const person of [juliet, nurse])
      for (const body of said) await home.sends`<message to='${person.jid}' type='chat'><body>${body}</body></message>`;
    await home.ping();
    const [balcony, kitchen] = await Promise.all([
      scene.foreign('slixmpp', juliet, 'balcony', { transport: 'tcp' }),
      scene.foreign('stanza', nurse, 'kitchen', { transport: 'ws' }),
    ]);
    assert.deepEqual(await balcony.history(PAGE_SIZE), said);
    assert.deepEqual(await kitchen.history(PAGE_SIZE), said);
  },
);

scenario(
  'profanity catches up by XEP-0313 with what another device has got meanwhile',
  { edges: [1, 3], transports: ['tcp'] },
  async (scene) => {
    const { romeo, juliet } = scene;
    const [home] = await romeo.devices('home');
    // Else it would be there already: as what had waited offline.
    const [balcony] = await juliet.devices('balcony');
    const said = Array.from({ length: MESSAGES }, (_, i) => `小声 ${i} <&>`);
    for (const body of said) await home.sends`<message to='${juliet.jid}' type='chat'><body>${body}</body></message>`;
    await balcony.messages(MESSAGES);
    const garden = await scene.foreign('profanity', juliet, 'garden');
    // It keeps the time in seconds and writes its pages as they come: of one second it cannot tell the order itself.
    const kept = [...(await garden.history(PAGE_SIZE, romeo.jid))];
    assert.deepEqual(kept.sort(), [...said].sort());
    assert.deepEqual(garden.received, []);
  },
);
