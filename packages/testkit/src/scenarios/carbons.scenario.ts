import assert from 'node:assert/strict';
import { type ForeignKind, SPEAKS } from '../foreign.ts';
import { scenario } from '../scenario.ts';

// XEP-0280 as clients have it that nobody here wrote.

const KINDS: readonly ForeignKind[] = ['slixmpp', 'xmpp-client', 'stanza'];

scenario(
  'carbons: slixmpp, @xmpp/client and stanza see both sides of what another device says',
  { edges: [1, 3], transports: ['ws'] },
  async (scene) => {
    const { romeo, juliet } = scene;
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    const others = await Promise.all(
      KINDS.map((kind) => scene.foreign(kind, romeo, kind, { transport: SPEAKS[kind][0] ?? 'tcp' })),
    );
    await Promise.all(others.map((client) => client.enableCarbons()));
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>柔和</body></message>`;
    await balcony.receives`<message id='m1'/>`;
    for (const client of others) await client.copies(1);
    await balcony.sends`<message to='${home.jid}' type='chat' id='m2'><body>ay me</body></message>`;
    await home.receives`<message id='m2'/>`;
    for (const client of others) {
      const copies = await client.copies(2);
      assert.deepEqual(
        copies.map(({ direction, message: { from, to, id, body } }) => [direction, from, to, id, body]),
        [
          ['sent', home.jid, juliet.jid, 'm1', '柔和'],
          ['received', balcony.jid, home.jid, 'm2', 'ay me'],
        ],
        client.kind,
      );
    }
  },
);
