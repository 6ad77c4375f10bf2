import { scenario } from '@starling/testkit';

scenario('XEP-0202 the server tells its time', { edges: [1] }, async ({ romeo, world }) => {
  const [home] = await romeo.devices('home');
  await home.sends`<iq type='get' id='t1' to='${world.domain}'><time xmlns='urn:xmpp:time'/></iq>`;
  await home.receives`<iq type='result' id='t1'><time xmlns='urn:xmpp:time'><tzo>+00:00</tzo><utc>…</utc></time></iq>`;
});
