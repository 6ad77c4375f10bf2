import { type ForeignKind, SPEAKS } from '../foreign.ts';
import { scenario } from '../scenario.ts';

const ALL = { edges: [1, 3] } as const;

scenario('two strangers register and exchange messages', ALL, async ({ romeo, juliet }) => {
  const [balcony, orchard] = [await juliet.device('balcony'), await romeo.device('orchard')];
  await orchard.sends`<message to='${juliet.jid}' type='chat' id='r1'><body>She speaks! ☀ &amp;</body></message>`;
  await balcony.receives`<message from='${orchard.jid}' to='${juliet.jid}' type='chat' id='r1'><body>She speaks! ☀ &amp;</body></message>`;
  await balcony.sends`<message to='${orchard.jid}' type='chat' id='j1'><body>Ay me</body></message>`;
  await orchard.receives`<message from='${balcony.jid}' to='${orchard.jid}' id='j1'><body>Ay me</body></message>`;
  await orchard.receivesNothing();
  await balcony.receivesNothing();
});

scenario('XEP-0077 an account that is cancelled is gone', ALL, async (scene) => {
  const client = await scene.romeo.device('last');
  const answer = await client.iq('set', '', "<query xmlns='jabber:iq:register'><remove/></query>");
  if (answer.attrs.type !== 'result') throw new Error('not removed');
  await client.ended();
  const again = await scene.connect();
  await again.negotiate();
  await again.authenticate(scene.romeo.username, scene.romeo.password).then(
    () => Promise.reject(new Error('logged in')),
    () => undefined,
  );
});

const PAIRS: readonly [ForeignKind, ForeignKind][] = [
  ['slixmpp', 'xmpp-client'],
  ['stanza', 'slixmpp'],
  ['xmpp-client', 'stanza'],
];

for (const [one, other] of PAIRS) {
  scenario(`${one} and ${other} exchange messages`, { ...ALL, transports: ['ws'] }, async (scene) => {
    const transportOf = (kind: ForeignKind) => ({ transport: SPEAKS[kind][0] ?? 'tcp' });
    const [romeo, juliet] = await Promise.all([
      scene.foreign(one, scene.romeo, 'orchard', transportOf(one)),
      scene.foreign(other, scene.juliet, 'balcony', transportOf(other)),
    ]);
    romeo.send(scene.juliet.jid, 'to the bare address ✓');
    await juliet.messages(1);
    juliet.send(romeo.jid, 'to the full address <&>');
    const [answer] = await romeo.messages(1);
    if (answer?.body !== 'to the full address <&>' || answer.from !== juliet.jid)
      throw new Error(JSON.stringify(answer));
  });
}

for (const transport of ['tcp', 'tls'] as const) {
  scenario(`@xmpp/client and slixmpp over ${transport}`, { edges: [1], transports: [transport] }, async (scene) => {
    const [romeo, juliet] = await Promise.all([
      scene.foreign('xmpp-client', scene.romeo, 'orchard'),
      scene.foreign('slixmpp', scene.juliet, 'balcony'),
    ]);
    romeo.send(juliet.jid, 'hark');
    await juliet.messages(1);
    juliet.send(romeo.jid, 'who');
    await romeo.messages(1);
  });
}

scenario('profanity and a client of ours exchange messages', { ...ALL, transports: ['tcp'] }, async (scene) => {
  const romeo = await scene.foreign('profanity', scene.romeo, 'orchard');
  const balcony = await scene.juliet.device('balcony');
  romeo.send(scene.juliet.jid, 'to the bare address ✓ <&>');
  await balcony.receives`<message from='${romeo.jid}' type='chat'><body>to the bare address ✓ &lt;&amp;></body></message>`;
  await balcony.sends`<message to='${romeo.jid}' type='chat' id='j1'><body>to the full address ✓ &lt;&amp;></body></message>`;
  const [answer] = await romeo.messages(1);
  if (answer?.body !== 'to the full address ✓ <&>' || answer.from !== balcony.jid)
    throw new Error(JSON.stringify(answer));
});
