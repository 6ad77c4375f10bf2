import { scenario } from '@starling/testkit';

scenario('XEP-0199 §4.2 the server and the own account answer', { edges: [1, 3] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  for (const [id, to] of [
    ['p1', world.domain],
    ['p2', romeo.jid],
  ]) {
    await home.sends`<iq type='get' id='${id ?? ''}' to='${to ?? ''}'><ping xmlns='urn:xmpp:ping'/></iq>`;
    await home.receives`<iq type='result' id='${id ?? ''}' from='${to ?? ''}' to='${home.jid}'/>`;
  }
  await home.sends`<iq type='get' id='p3'><ping xmlns='urn:xmpp:ping'/></iq>`;
  await home.receives`<iq type='result' id='p3'/>`;
});

scenario(
  'RFC 6120 §8.2.3 an unknown request and a stranger’s resource are service-unavailable',
  { edges: [1] },
  async ({ romeo, juliet }) => {
    const [home] = await romeo.devices('home');
    const [balcony] = await juliet.devices('balcony');
    for (const to of ['', romeo.jid, balcony.jid, juliet.jid]) {
      const answer = await home.iq('get', to, "<query xmlns='urn:example:nothing'/>");
      if (answer.attrs.type !== 'error') throw new Error(`answered for ${to}`);
    }
    await balcony.receivesNothing();
  },
);
