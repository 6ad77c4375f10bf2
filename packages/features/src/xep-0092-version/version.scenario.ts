import { scenario } from '@starling/testkit';

scenario('XEP-0092 the server tells its version', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<iq type='get' id='v1' to='${world.domain}'><query xmlns='jabber:iq:version'/></iq>`;
  await home.receives`<iq type='result' id='v1'><query xmlns='jabber:iq:version'><name>Starling</name><version>…</version></query></iq>`;
});
