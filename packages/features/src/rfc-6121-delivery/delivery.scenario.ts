import { scenario } from '@starling/testkit';

scenario('RFC 6121 §8.5.3 a full JID reaches its resource alone', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await home.sends`<message to='${balcony.jid}' type='chat' id='m1'><body>alone</body></message>`;
  await balcony.receives`<message id='m1'><body>alone</body></message>`;
  await garden.receivesNothing();
  await home.sends`<message to='${juliet.jid}/nowhere' type='chat' id='m2'><body>any</body></message>`;
  for (const device of [balcony, garden]) await device.receives`<message id='m2'/>`;
});

scenario('RFC 6121 §8.5.2.1.1 a negative priority is left out', { edges: [1, 3] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  const [balcony, garden] = await juliet.devices('balcony', 'garden');
  await garden.sends`<presence><priority>-1</priority></presence>`;
  await balcony.receives`<presence from='${garden.jid}'><priority>-1</priority></presence>`;
  await home.sends`<message to='${juliet.jid}' type='chat' id='m1'><body>hark</body></message>`;
  await balcony.receives`<message id='m1'/>`;
  await garden.receivesNothing();
});

scenario('groupchat to an account is refused', { edges: [1] }, async ({ romeo, juliet }) => {
  const [home] = await romeo.devices('home');
  await juliet.register();
  await home.sends`<message to='${juliet.jid}' type='groupchat' id='m1'><body>all</body></message>`;
  await home.receives`<message type='error' id='m1' from='${juliet.jid}'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`;
});
