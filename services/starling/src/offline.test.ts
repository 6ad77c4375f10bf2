import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Client, type LocalSystem, login, registerAccount, startCluster } from '@starling/testkit';

const DOMAIN = 'localhost';
const PASSWORD = 'secret';
const WAIT_MS = 20_000;
/** A killed edge is noticed, and its sessions are forgotten, within this time. */
const SILENCE_MS = 2_000;

describe('XEP-0160 parts of a cluster die', { timeout: 120_000 }, () => {
  let system: LocalSystem;
  let people = 0;

  before(async () => {
    const settings = { STARLING_OFFLINE_REPORT_INTERVAL: '200ms' };
    system = await startCluster({ edges: 3, archive: 1, restart: true, settings });
  });
  after(() => system.stop());

  const endpointOf = (edge: number) =>
    ({ transport: 'tcp', host: '127.0.0.1', port: system.process(`edge-${edge}`).c2s ?? 0 }) as const;
  const registered = async (name: string) => {
    const username = `${name}-${++people}`;
    await registerAccount(endpointOf(3), DOMAIN, username, PASSWORD);
    return username;
  };
  const device = async (username: string, edge: number, resource: string): Promise<Client> => {
    const client = await login(endpointOf(edge), DOMAIN, { username, password: PASSWORD, resource });
    await client.sends`<presence/>`;
    await client.receives`<presence from='${client.jid}'/>`;
    return client;
  };
  const say = async (from: Client, to: string, ...ids: string[]) => {
    for (const id of ids) await from.sends`<message to='${to}' type='chat' id='${id}'><body>${id}</body></message>`;
    await from.ping();
  };

  it('an edge with -9: what nobody has got comes, in order; what was told to be got does not', async () => {
    const [romeo, juliet] = [await registered('romeo'), await registered('juliet')];
    const jid = `${juliet}@${DOMAIN}`;
    const home = await device(romeo, 2, 'home');
    const balcony = await device(juliet, 1, 'balcony');
    await say(home, jid, 'got-1', 'got-2');
    await balcony.messages(2);
    await new Promise((resolve) => setTimeout(resolve, SILENCE_MS)); // the edge has told it
    await system.kill('edge-1');
    await say(home, jid, 'lost-1', 'lost-2');
    const garden = await device(juliet, 3, 'garden');
    await say(home, jid, 'live');
    const got: string[] = [];
    const deadline = Date.now() + WAIT_MS;
    while (got.length < 3 && Date.now() < deadline) got.push((await garden.messages(1, WAIT_MS))[0]?.attrs.id ?? '');
    assert.deepEqual(
      got.filter((id) => id !== 'live'),
      ['lost-1', 'lost-2'],
    );
    assert.ok(got.includes('live'));
    await garden.receivesNothing();
    for (const client of [home, garden]) await client.destroy();
  });

  it('the archive: what waits is there when it is back, once', async () => {
    const [romeo, juliet] = [await registered('romeo'), await registered('juliet')];
    const jid = `${juliet}@${DOMAIN}`;
    const home = await device(romeo, 2, 'home');
    const balcony = await device(juliet, 3, 'balcony');
    await say(home, jid, 'm1');
    await balcony.messages(1);
    await balcony.close();
    await say(home, jid, 'm2');
    await system.kill('archive-1');
    await say(home, jid, 'm3');
    const again = await device(juliet, 2, 'balcony');
    await say(home, jid, 'live');
    const got = (await again.messages(3, WAIT_MS)).map(({ attrs }) => attrs.id);
    assert.deepEqual(got.sort(), ['live', 'm2', 'm3']);
    await again.receivesNothing();
    await again.close();
    const last = await device(juliet, 3, 'balcony');
    await last.receivesNothing();
    for (const client of [home, last]) await client.destroy();
  });
});
