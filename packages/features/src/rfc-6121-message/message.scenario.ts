import { scenario } from '@starling/testkit';

scenario('RFC 6121 §5 two people chat across edges', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>hark</body></message>`;
  for (const device of [balcony, garden]) {
    await device.receives`<message from='${home.jid}' to='${juliet.jid}' type='chat' id='m1'><body>hark</body></message>`;
  }
  await garden.sends`<message to='${home.jid}' type='chat' id='m2'><body>你好 &lt;罗密欧&gt;</body></message>`;
  await home.receives`<message from='${garden.jid}' to='${home.jid}' id='m2'><body>你好 &lt;罗密欧&gt;</body></message>`;
  await balcony.receivesNothing();
});

scenario('RFC 6120 §10.1 a hundred messages arrive in the order sent', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  const count = 100;
  for (let i = 0; i < count; i++) {
    await home.sends`<message to='${juliet.jid}' type='chat' id='m${i}'><body>${i}</body></message>`;
  }
  for (const [i, message] of (await balcony.messages(count)).entries()) {
    if (message.attrs.id !== `m${i}`) throw new Error(`${message.attrs.id} came at place ${i}`);
  }
});

scenario('a message that asks for no-store passes live', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>psst</body><no-store xmlns='urn:xmpp:hints'/></message>`;
  await balcony.receives`<message id='m1'><body>psst</body></message>`;
});

scenario('RFC 6120 §10.4 another domain cannot be reached', { edges: [1] }, async ({ romeo }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<message to='juliet@capulet.example' id='m1'><body>far</body></message>`;
  await home.receives`<message type='error' id='m1'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
});

scenario('what only servers may say is taken out', { edges: [1] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  const [balcony] = await juliet.devices('balcony');
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='${juliet.jid}'/><delay xmlns='urn:xmpp:delay' from='${world.domain}' stamp='2020-01-01T00:00:00Z'/><sent xmlns='urn:xmpp:carbons:2'/></message>`;
  const got = await balcony.receives`<message id='m1'><body>x</body></message>`;
  const forged = got.children.filter(
    (c) => typeof c !== 'string' && c.name !== 'body' && (c.name !== 'stanza-id' || c.attrs.id === 'forged'),
  );
  if (forged.length > 0) throw new Error(`came through: ${JSON.stringify(forged)}`);
});
