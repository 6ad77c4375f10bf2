import { befriend, childOf, scenario, showElement, textOf } from '@starling/testkit';

scenario('XEP-0012 the server, the own account, strangers', { edges: [1, 3] }, async ({ romeo, juliet, world }) => {
  const [home] = await romeo.devices('home');
  await juliet.devices('balcony');
  await home.sends`<iq type='get' id='l1' to='${world.domain}'><query xmlns='jabber:iq:last'/></iq>`;
  const answer = await home.receives`<iq type='result' id='l1'><query xmlns='jabber:iq:last' seconds='…'/></iq>`;
  const [query] = answer.children;
  if (typeof query === 'string' || !/^\d+$/.test(query?.attrs.seconds ?? '')) throw new Error('§5 the uptime');
  await home.sends`<iq type='get' id='l2'><query xmlns='jabber:iq:last'/></iq>`;
  await home.receives`<iq type='result' id='l2'><query xmlns='jabber:iq:last' seconds='0'/></iq>`;
  for (const to of [juliet.jid, `nobody-${romeo.username}@${world.domain}`]) {
    await home.sends`<iq type='get' id='l3' to='${to}'><query xmlns='jabber:iq:last'/></iq>`;
    await home.receives`<iq type='error' id='l3' from='${to}'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;
  }
});

scenario('XEP-0012 §3 when a contact was last there, and what he said then', { edges: [1, 3] }, async (scene) => {
  const { romeo, juliet } = scene;
  const [home, balcony] = [await romeo.device('home'), await juliet.device('balcony')];
  await befriend(home, balcony);
  const chamber = await juliet.device('chamber');
  const ask = async () => {
    const answer = await home.iq('get', juliet.jid, "<query xmlns='jabber:iq:last'/>");
    const query = childOf(answer, 'query');
    if (query === undefined) throw new Error(showElement(answer));
    return { seconds: Number(query.attrs.seconds), status: textOf(query) };
  };
  /** It is told a moment after he has left. */
  const tells = async (status: string) => {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const last = await ask();
      if (last.status === status && last.seconds < 10) return;
      if (Date.now() > deadline) throw new Error(`${last.status} for ${last.seconds} s, not ${status}`);
    }
  };
  await balcony.sends`<presence type='unavailable'><status>not yet</status></presence>`;
  await balcony.close();
  await home.receives`<presence type='unavailable' from='${balcony.jid}'/>`;
  const there = await ask();
  if (there.seconds !== 0 || there.status !== '') throw new Error('one of her resources is there');
  await chamber.sends`<presence type='unavailable'><status>回家 &amp; to bed</status></presence>`;
  await chamber.close();
  await tells('回家 & to bed');
  // Broken off: no word, and another time.
  const again = await juliet.device('again');
  await home.receives`<presence from='${again.jid}'/>`;
  await again.destroy();
  await tells('');
});
