import assert from 'node:assert/strict';
import type { Client } from './client.ts';
import { countedByEdges } from './counted.ts';
import { ForeignClient, type ForeignDriver, type ForeignKind } from './foreign.ts';
import type { Scene } from './scene.ts';
import { childOf, textOf } from './show-element.ts';
import { Signpost } from './signpost.ts';

/** To notice, to wait as its own code does before it connects again, TLS, SCRAM. */
const RESUME_TIMEOUT_MS = 30_000;

export interface SurvivalOptions {
  /** Its own code sends again what the dead edge has not acknowledged (XEP-0198 §5). */
  readonly resends: boolean;
}

/**
 * A client that nobody here wrote loses its edge by kill -9, connects again and goes on with the same session on another one, all by its own
 * code: what was sent to it meanwhile comes once and in order, what it sends arrives once, and its contact notices nothing.
 */
export async function survivesItsEdge(
  { world, romeo, juliet }: Scene,
  driver: ForeignKind | ForeignDriver,
  { resends }: SurvivalOptions,
): Promise<void> {
  const balcony = await juliet.device('balcony', { edge: 1 });
  await romeo.register();
  const signpost = await Signpost.start();
  const [victim] = world.edges;
  assert.ok(victim);
  signpost.lead(world.endpoint('tcp', 0));
  const { jid, password } = romeo;
  let home: ForeignClient | undefined;
  try {
    const options = { jid: `${jid}/orchard`, password, endpoint: signpost.endpoint('tcp'), resumes: true };
    home = await ForeignClient.start(driver, options);
    await befriend(home, balcony);
    const say = (text: string) => balcony.sends`<message to='${jid}' type='chat'><body>${text}</body></message>`;
    await say('one');
    await say('two');
    await home.messages(2);
    home.send(juliet.jid, 'a');
    assert.deepEqual(await bodies(balcony, 1), ['a']);
    home.show('chat');
    await balcony.receives`<presence from='${home.jid}'><show>chat</show></presence>`;
    // The session's record knows the messages: what has come after the last record would come again (design §4, guarantee 3).
    await home.acknowledged(1);

    signpost.hold();
    // What it sends now is read by nobody. It stands still for a moment only: the others have not noticed yet.
    process.kill(victim.pid, 'SIGSTOP');
    if (resends) {
      home.send(juliet.jid, 'b');
      await home.sent(2);
    }
    process.kill(victim.pid, 'SIGKILL');
    await say('three');
    await say('four');
    await balcony.ping();
    await signpost.knock();
    if (!resends) {
      home.send(juliet.jid, 'b');
      await home.sent(2);
    }
    signpost.lead(world.endpoint('tcp', 2));
    await home.resumed(1, RESUME_TIMEOUT_MS);

    assert.deepEqual(await bodies(balcony, 1), ['b']);
    await home.messages(4);
    home.send(juliet.jid, 'c');
    assert.deepEqual(await bodies(balcony, 1), ['c']);
    home.show('away');
    await balcony.receives`<presence from='${home.jid}'><show>away</show></presence>`;
    await balcony.sends`<presence><show>dnd</show></presence>`;
    await home.sees(balcony.jid, { show: 'dnd' });
    await say('five');
    const received = await home.messages(5);
    assert.deepEqual(
      received.map(({ body }) => body),
      ['one', 'two', 'three', 'four', 'five'],
    );
    await balcony.receivesNothing();
    assert.ok(!home.presences.some(({ type }) => type === 'unavailable'), 'its contact was there all the time');
    assert.equal(home.logins, 1);
    const outcome = { outcome: 'resumed', cause: 'edge-dead' };
    assert.equal(await countedByEdges(world, 'starling_edge_sm_resumes_total', outcome), 1);
  } finally {
    await home?.close();
    await signpost.close();
  }
}

const bodies = async (client: Client, count: number) =>
  (await client.messages(count)).map((message) => textOf(childOf(message, 'body') ?? message));

/** RFC 6121 §3.1, both ways: from here on each sees the other. */
async function befriend(home: ForeignClient, balcony: Client): Promise<void> {
  const bareOf = (jid: string) => jid.slice(0, jid.indexOf('/'));
  const [one, other] = [bareOf(home.jid), bareOf(balcony.jid)];
  home.subscription('subscribe', other);
  await balcony.receives`<presence type='subscribe' from='${one}'/>`;
  await balcony.sends`<presence type='subscribed' to='${one}'/>`;
  await home.sees(balcony.jid, { type: '' });
  await balcony.sends`<presence type='subscribe' to='${one}'/>`;
  await home.sees(other, { type: 'subscribe' });
  home.subscription('subscribed', other);
  await balcony.receives`<presence from='${home.jid}'/>`;
}
