import assert from 'node:assert/strict';
import { childOf, scenario } from '@starling/testkit';

const NS = { delay: 'urn:xmpp:delay' } as const;

scenario('XEP-0203 §5 nobody stamps in the server’s name', { edges: [1, 3] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  for (const from of [world.domain, juliet.jid, `${world.domain}/x`]) {
    await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body><delay xmlns='urn:xmpp:delay' from='${from}' stamp='2002-09-10T23:08:25Z'/></message>`;
    const got = await balcony.receives`<message id='m1'><body>x</body></message>`;
    assert.equal(childOf(got, 'delay', NS.delay), undefined, from);
  }
  await home.sends`<message to='${juliet.jid}' type='chat' id='m2'><body>x</body><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>`;
  await balcony.receives`<message id='m2'><delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25Z'/></message>`;
});
