import assert from 'node:assert/strict';
import { RefusedError } from '../client.ts';
import { login } from '../login.ts';
import { scenario } from '../scenario.ts';

const ALL = { edges: [1, 3] } as const;

for (const name of ['罗密欧', 'ромео', 'rømeo', 'a.b-c_d', '%2e%2e', '=hash']) {
  scenario(`RFC 7622 the name ${name} registers, logs in and is written to`, ALL, async (scene) => {
    const [one, other] = [scene.person(name), scene.juliet];
    const [home, balcony] = [await one.device('höme ☀'), await other.device('balcony')];
    await balcony.sends`<message to='${one.jid}' type='chat'><body>whoever you are</body></message>`;
    const message = await home.receives`<message to='${one.jid}' from='${balcony.jid}'/>`;
    await home.sends`<message to='${message.attrs.from ?? ''}' type='chat'><body>it is me</body></message>`;
    await balcony.receives`<message from='${home.jid}'><body>it is me</body></message>`;
  });
}

scenario('RFC 7622 addresses are compared as prepared', ALL, async ({ romeo, juliet }) => {
  const [home, balcony] = [await romeo.device('home'), await juliet.device('balcony')];
  await home.sends`<message to='${juliet.jid.toUpperCase()}' type='chat'><body>LOUD</body></message>`;
  await balcony.receives`<message from='${home.jid}'><body>LOUD</body></message>`;
});

scenario('RFC 7622 a resource may have anything in it, and comes back as it was', ALL, async ({ romeo, juliet }) => {
  const home = await romeo.device('a/b@c <&\'"> 家');
  const balcony = await juliet.device('balcony');
  await balcony.sends`<message to='${home.jid}' type='chat'><body>odd</body></message>`;
  await home.receives`<message to='${home.jid}' from='${balcony.jid}'><body>odd</body></message>`;
});

scenario('RFC 6120 §7.7.2.1 a resource that cannot be is bad-request', { edges: [1] }, async (scene) => {
  await scene.romeo.register();
  const { username, password } = scene.romeo;
  const credentials = { username, password, resource: 'x'.repeat(1024) };
  await assert.rejects(
    login(scene.world.endpoint(scene.transport), scene.world.domain, credentials),
    isRefusal('bad-request'),
  );
});

scenario('RFC 7622 §3.3.1 a name that cannot be is jid-malformed', { edges: [1] }, async (scene) => {
  const client = await scene.connect();
  await client.negotiate();
  for (const name of ["o'hara", 'a b', 'a@b', '']) {
    await assert.rejects(client.register(name, 'secret'), isRefusal(name === '' ? 'not-acceptable' : 'jid-malformed'));
  }
});

function isRefusal(condition: string): (error: unknown) => boolean {
  return (error) => error instanceof RefusedError && error.message.includes(`<${condition}`);
}
