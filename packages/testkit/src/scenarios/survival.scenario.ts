import assert from 'node:assert/strict';
import type { Client } from '../client.ts';
import { scenario } from '../scenario.ts';
import { childOf, textOf } from '../show-element.ts';
import type { World } from '../world.ts';

/** Edges that clients are put on by number; what dies is always the first. */
const three = { edges: [3], ownWorld: true, timeoutMs: 120_000 } as const;
const NEVER_LONGER_MS = 30_000;

const bodies = async (client: Client, count: number) =>
  (await client.messages(count, NEVER_LONGER_MS)).map((message) => textOf(childOf(message, 'body') ?? message));

function signal(world: World, edge: number, name: NodeJS.Signals): void {
  const victim = world.edges[edge];
  assert.ok(victim);
  process.kill(victim.pid, name);
}

scenario(
  'design §4: kill -9 of an edge: the same session goes on elsewhere, nothing is lost, nothing is stored twice, nobody hears of it',
  three,
  async ({ romeo, juliet, world }) => {
    const home = await romeo.device('home', { edge: 0 });
    const balcony = await juliet.device('balcony', { edge: 1 });
    await home.manage();
    await home.iq('get', '', "<query xmlns='jabber:iq:roster'/>");
    await home.sends`<presence to='${balcony.jid}'/>`;
    await balcony.receives`<presence from='${home.jid}'/>`;
    await balcony.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${balcony.jid}'/>`;
    const say = (text: string) => balcony.sends`<message to='${romeo.jid}' type='chat'><body>${text}</body></message>`;
    await say('one');
    assert.deepEqual(await bodies(home, 1), ['one']);
    home.acknowledge();
    await say('two');
    assert.deepEqual(await bodies(home, 1), ['two']);
    const { handled } = home;
    await home.sends`<message to='${juliet.jid}' type='chat'><body>a</body></message>`;
    // The roster, presence, a; and the record knows that 'two' was sent.
    assert.equal(await home.acknowledged(3), 3);
    // What its edge has read and not acknowledged is sent again.
    await home.sends`<message to='${juliet.jid}' type='chat'><body>b</body></message>`;
    await balcony.receives`<message><body>b</body></message>`;
    signal(world, 0, 'SIGKILL');
    await home.ended();
    await say('three');
    await balcony.sends`<message to='${home.jid}' type='chat'><body>four</body></message>`;
    await balcony.ping();
    const again = await romeo.authenticated({ edge: 2 });
    const resumed = await again.resume(home, handled);
    assert.equal(resumed.attrs.h, '3');
    await again.sends`<message to='${juliet.jid}' type='chat'><body>b</body></message>`;
    await again.sends`<message to='${juliet.jid}' type='chat'><body>c</body></message>`;
    assert.deepEqual(await bodies(again, 2), ['three', 'four']);
    assert.deepEqual(await bodies(balcony, 2), ['a', 'c'], 'b was stored before, and known by its id');
    assert.equal(await again.acknowledged(5), 5);
    await say('five');
    assert.deepEqual(await bodies(again, 1), ['five']);
    await again.receivesNothing();
    assert.ok(!balcony.has(`<presence type='unavailable'/>`), 'nobody hears that its edge died');
    await again.sends`<presence type='unavailable'/>`;
    await balcony.receives`<presence from='${home.jid}' type='unavailable'/>`;
  },
);

scenario(
  'design §10: an edge stops: its sessions go on elsewhere, without a new login; who cannot resume is told',
  three,
  async ({ romeo, juliet, nurse, world, transport }) => {
    const home = await romeo.device('home', { edge: 0 });
    const other = await nurse.device('other', { edge: 0 });
    const balcony = await juliet.device('balcony', { edge: 1 });
    await home.manage();
    await home.sends`<presence to='${balcony.jid}'/>`;
    await balcony.receives`<presence from='${home.jid}'/>`;
    const say = (text: string) => balcony.sends`<message to='${romeo.jid}' type='chat'><body>${text}</body></message>`;
    await say('one');
    assert.deepEqual(await bodies(home, 1), ['one']);
    signal(world, 0, 'SIGTERM');
    const ending = await home.ended();
    assert.deepEqual(ending, { endTag: false, code: transport === 'ws' ? 1012 : 0 });
    await say('two');
    const again = await romeo.resume(home, { edge: 2 });
    assert.deepEqual(await bodies(again, 1), ['two']);
    await say('three');
    assert.deepEqual(await bodies(again, 1), ['three']);
    await again.receivesNothing();
    if (transport === 'tcp')
      await other.receives`<error xmlns='http://etherx.jabber.org/streams'><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;
    await other.ended();
    assert.ok(!balcony.has(`<presence from='${home.jid}' type='unavailable'/>`));
  },
);

scenario(
  'a session whose edge died and whose client does not come back is over once, and what it had not got waits',
  { ...three, transports: ['tcp'], settings: { STARLING_RESUME_WINDOW: '2s' } },
  async ({ romeo, juliet, world }) => {
    const home = await romeo.device('home', { edge: 0 });
    const balcony = await juliet.device('balcony', { edge: 1 });
    await home.manage();
    await home.sends`<presence to='${balcony.jid}'/>`;
    await balcony.receives`<presence from='${home.jid}'/>`;
    await home.ping();
    signal(world, 0, 'SIGKILL');
    await balcony.sends`<message to='${romeo.jid}' type='chat'><body>one</body></message>`;
    await balcony.receive(`<presence from='${home.jid}' type='unavailable'/>`, NEVER_LONGER_MS);
    const late = await romeo.authenticated({ edge: 2 });
    await assert.rejects(late.resume(home), /item-not-found/);
    await late.bind('late');
    await late.sends`<presence/>`;
    assert.deepEqual(await bodies(late, 1), ['one']);
    await late.receivesNothing();
  },
);

scenario(
  'XEP-0198 §5 an edge dies before it has said that it has the initial presence: it is sent again, and nothing comes twice after that',
  { ...three, transports: ['tcp'] },
  async ({ romeo, juliet, world }) => {
    const balcony = await juliet.device('balcony', { edge: 1 });
    const say = (text: string) => balcony.sends`<message to='${romeo.jid}' type='chat'><body>${text}</body></message>`;
    const home = await romeo.device('home', { edge: 0, available: false });
    await say('zero');
    await balcony.ping();
    await home.manage();
    await home.sends`<presence/>`;
    await home.receives`<presence from='${home.jid}'/>`;
    assert.deepEqual(await bodies(home, 1), ['zero']);
    signal(world, 0, 'SIGKILL');
    await say('one');
    await say('two');
    await balcony.ping();
    const again = await romeo.authenticated({ edge: 2 });
    const { attrs } = await again.resume(home);
    assert.equal(attrs.h, '0');
    await again.sends`<presence/>`;
    assert.deepEqual(await bodies(again, 3), ['zero', 'one', 'two'], "the record does not know that 'zero' has come");
    await say('three');
    assert.deepEqual(await bodies(again, 1), ['three']);
    await again.receivesNothing();
  },
);

scenario(
  'XEP-0198 §5 what was live, and what its client had not got when its edge died, comes again: a message, a push, a presence',
  { ...three, transports: ['tcp'] },
  async ({ romeo, juliet, world }) => {
    const home = await romeo.device('home', { edge: 0 });
    const study = await romeo.device('study', { edge: 1 });
    const balcony = await juliet.device('balcony', { edge: 1 });
    await home.manage();
    await home.iq('get', '', "<query xmlns='jabber:iq:roster'/>");
    await balcony.sends`<presence to='${home.jid}'/>`;
    await home.receives`<presence from='${balcony.jid}'/>`;
    const { handled } = home;
    await balcony.sends`<message to='${home.jid}' type='headline'><body>news</body></message>`;
    await home.receives`<message><body>news</body></message>`;
    await study.iq('set', '', `<query xmlns='jabber:iq:roster'><item jid='${juliet.jid}' name='J'/></query>`);
    await home.receives`<iq type='set'><query xmlns='jabber:iq:roster'><item name='J'/></query></iq>`;
    await study.sends`<presence><show>away</show></presence>`;
    await home.receives`<presence from='${study.jid}'><show>away</show></presence>`;
    // Behind this the record says all that was sent.
    await home.sends`<message to='${juliet.jid}' type='chat'><body>a</body></message>`;
    assert.equal(await home.acknowledged(2), 2);
    signal(world, 0, 'SIGKILL');
    await home.ended();
    const again = await romeo.authenticated({ edge: 2 });
    await again.resume(home, handled);
    await again.receives`<message><body>news</body></message>`;
    await again.receives`<iq type='set'><query xmlns='jabber:iq:roster'><item name='J'/></query></iq>`;
    await again.receives`<presence from='${study.jid}'><show>away</show></presence>`;
  },
);
