import { after, before, test } from 'node:test';
import { login, registerAccount } from '@starling/testkit';
import { DOMAIN, type OneEdge, startOneEdge } from './testing/one-edge.ts';

let world: OneEdge;
before(async () => {
  world = await startOneEdge();
});
after(() => world.stop());

for (const transport of ['tcp', 'ws'] as const) {
  test(`two strangers register, log in and chat over ${transport}`, async () => {
    const endpoint = world.endpoint(transport);
    const stranger = async (name: string) => {
      const username = `${name}-${transport}`;
      await registerAccount(endpoint, DOMAIN, username, 'sekret');
      const client = await login(endpoint, DOMAIN, { username, password: 'sekret', resource: 'r' });
      await client.sends`<presence/>`;
      await client.receives`<presence from='${client.jid}'/>`;
      return client;
    };
    const [romeo, juliet] = [await stranger('romeo'), await stranger('juliet')];
    await romeo.sends`<message to='juliet-${transport}@localhost' type='chat' id='m1'><body>hark</body></message>`;
    await juliet.receives`<message from='romeo-${transport}@localhost/r' type='chat' id='m1'><body>hark</body></message>`;
    await juliet.sends`<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`;
    await juliet.receives`<iq type='result' id='p1'/>`;
    await Promise.all([romeo.close(), juliet.close()]);
  });
}
