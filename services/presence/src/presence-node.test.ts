import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RpcError } from '@starling/bus';
import { PARTITIONS, partitionOf, SESSION_STATE, SUBSCRIPTION } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { FakeEdge, FakeSession } from './testing/fake-edge.ts';
import { until, World } from './testing/world.ts';

const JULIET = 'juliet@example.com';
const ROMEO = 'romeo@example.com';
const NURSE = '奶妈@example.com';

let world: World;
let edge: FakeEdge;

beforeEach(() => {
  world = new World({ STARLING_SESSIONS_PER_USER_MAX: '3' });
  world.addNode('presence-1');
  edge = world.addEdge('edge-1');
});
afterEach(() => world.stop());

const got = (session: FakeSession, ...expected: string[]) =>
  until(() => {
    const all = session.got.join(', ');
    return expected.every((line) => session.got.includes(line)) || `${session.jid} got ${all}`;
  });
const tableOf = (user: string) =>
  edge.tables
    .get(user)
    ?.rows.map(({ resource, state, priority, edge: at }) => `${resource} ${state} ${priority} ${at}`);

test('RFC 6121 §4.2: initial presence reaches the resource itself, the others and the contacts; their presence comes back', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  await got(romeo, `${ROMEO}/orchard 1`);
  const balcony = await edge.login(JULIET, 'balcony');
  await got(balcony, `${JULIET}/balcony 1`, `${ROMEO}/orchard 1`);
  await got(romeo, `${JULIET}/balcony 1`);
  const chamber = await edge.login(JULIET, 'chamber');
  await got(chamber, `${JULIET}/balcony 1`, `${JULIET}/chamber 1`, `${ROMEO}/orchard 1`);
  await got(balcony, `${JULIET}/chamber 1`);
  edge.show(balcony, 'away');
  await got(romeo, `${JULIET}/balcony away`, `${JULIET}/chamber 1`);
  await got(chamber, `${JULIET}/balcony away`);
  assert.equal(romeo.got.length, 4, romeo.got.join());
});

test('RFC 6121 §4.5: who goes away is told by itself, who breaks off by the server', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  const [balcony, chamber] = [await edge.login(JULIET, 'balcony'), await edge.login(JULIET, 'chamber')];
  await got(romeo, `${JULIET}/balcony 1`, `${JULIET}/chamber 1`);
  edge.hide(balcony);
  await got(romeo, `${JULIET}/balcony gone`);
  await got(chamber, `${JULIET}/balcony gone`);
  await got(balcony, `${JULIET}/balcony gone`);
  edge.show(balcony, 'back');
  await got(romeo, `${JULIET}/balcony back`);
  await got(balcony, `${ROMEO}/orchard 1`);
  edge.end(chamber);
  await got(romeo, `${JULIET}/chamber gone`);
});

test('the table is told at each change, and empty at the end', async () => {
  const balcony = await edge.bind(JULIET, 'balcony');
  await until(() => tableOf(JULIET)?.join() === `balcony ${SESSION_STATE.connected} 0 edge-1`);
  edge.show(balcony, 'x', -5);
  await until(() => tableOf(JULIET)?.join() === `balcony ${SESSION_STATE.available} -5 edge-1`);
  const { epoch, version } = edge.tables.get(JULIET) ?? {};
  assert.equal(epoch, 1);
  edge.end(balcony);
  await until(() => tableOf(JULIET)?.length === 0);
  assert.ok((edge.tables.get(JULIET)?.version ?? 0) > (version ?? 0));
});

test('subscriptions in one direction show in one direction', async () => {
  world.roster.set(JULIET, ROMEO, SUBSCRIPTION.from);
  world.roster.set(ROMEO, JULIET, SUBSCRIPTION.to);
  const [romeo, juliet] = [await edge.login(ROMEO, 'orchard'), await edge.login(JULIET, 'balcony')];
  await got(romeo, `${JULIET}/balcony 1`);
  await got(juliet, `${JULIET}/balcony 1`);
  edge.show(romeo, 'pacing');
  await got(romeo, `${ROMEO}/orchard pacing`);
  assert.deepEqual(juliet.got, [`${JULIET}/balcony 1`]);
});

test('a resource that is bound again: the newer holder has it, the older is gone', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const second = world.addEdge('edge-2');
  const romeo = await edge.login(ROMEO, 'orchard');
  const older = await edge.login(JULIET, 'balcony');
  await got(romeo, `${JULIET}/balcony 1`);
  const newer = await second.bind(JULIET, 'balcony');
  await got(romeo, `${JULIET}/balcony gone`);
  await until(() => older.hasConflict);
  assert.ok(newer.boundAt > older.stamp);
  second.show(newer, 'again');
  await got(romeo, `${JULIET}/balcony again`);
  assert.equal(romeo.got.filter((line) => line.startsWith(JULIET)).length, 3);
});

test('XEP-0198: a session that goes on elsewhere stays when what that edge said before comes behind it', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const second = world.addEdge('edge-2');
  const romeo = await edge.login(ROMEO, 'orchard');
  const juliet = await edge.login(JULIET, 'balcony');
  await got(romeo, `${JULIET}/balcony 1`);
  edge.sessions.delete(juliet.jid);
  await second.resume(juliet);
  // Written before it had the session.
  second.sessions.delete(juliet.jid);
  second.compare([partitionOf(juliet.user as BareJid)]);
  second.sessions.set(juliet.jid, juliet);
  const nurse = await second.login(NURSE, 'home');
  second.show(juliet, 'on');
  await got(romeo, `${JULIET}/balcony on`);
  await got(nurse, `${NURSE}/home 1`);
  assert.deepEqual(
    romeo.got.filter((line) => line === `${JULIET}/balcony gone`),
    [],
  );
});

test('RFC 6120 §7.6.2.1: too many sessions', async () => {
  for (const resource of ['a', 'b', 'c']) await edge.bind(JULIET, resource);
  await assert.rejects(
    edge.bind(JULIET, 'd'),
    (error) => error instanceof RpcError && error.condition === 'resource-constraint',
  );
  await edge.bind(JULIET, 'c');
});

test('without the roster service the own resources are told at once, the contacts as soon as it is back', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  await got(romeo, `${ROMEO}/orchard 1`);
  world.roster.isAway = true;
  const balcony = await edge.login(JULIET, 'balcony');
  await got(balcony, `${JULIET}/balcony 1`);
  edge.show(balcony, 'waiting');
  await got(balcony, `${JULIET}/balcony waiting`);
  assert.equal(romeo.got.length, 1);
  world.roster.isAway = false;
  await got(romeo, `${JULIET}/balcony waiting`);
  await got(balcony, `${ROMEO}/orchard 1`);
  assert.equal(romeo.got.length, 2);
});

test('a session that still sees what it may not see is told, whatever was lost', async () => {
  for (const user of [JULIET, 'nurse@localhost']) world.roster.befriend(user, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  for (const user of [JULIET, 'nurse@localhost', 'tybalt@localhost']) await edge.login(user, 'home');
  const tybalt = edge.sessions.get('tybalt@localhost/home');
  if (tybalt !== undefined) edge.direct(tybalt, romeo.jid);
  for (const user of [JULIET, 'nurse@localhost']) await got(romeo, `${user}/home 1`);
  romeo.view.show({ from: 'tybalt@localhost/home', stamp: tybalt?.stamp ?? 0, unavailable: false, always: false });
  world.node('presence-1').bus.loses = (subject) => subject.startsWith('edge.');
  world.roster.set(JULIET, ROMEO, SUBSCRIPTION.none);
  world.roster.set(ROMEO, JULIET, SUBSCRIPTION.none);
  while ((await edge.visible(romeo.jid, `${JULIET}/home`)).visible) await sleep(1);
  assert.ok(romeo.view.stampOf(`${JULIET}/home`) !== undefined, 'the word was lost');
  world.node('presence-1').bus.loses = () => false;
  edge.repair(PARTITIONS);
  await until(() => romeo.view.stampOf(`${JULIET}/home`) === undefined);
  assert.ok(romeo.view.stampOf('nurse@localhost/home') !== undefined, 'he may see her');
  assert.ok(romeo.view.stampOf('tybalt@localhost/home') !== undefined, 'who has shown himself');
});

test('contacts that found no room in an answer are asked for again', async () => {
  world.roster.usersAtOnce = 1;
  for (const other of ['nurse@localhost', 'tybalt@localhost']) world.roster.befriend(other, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  await Promise.all(['nurse@localhost', 'tybalt@localhost'].map((user) => edge.login(user, 'home')));
  await got(romeo, 'nurse@localhost/home 1');
  await got(romeo, 'tybalt@localhost/home 1');
});

test('who went while the roster service was away is told to be gone', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  world.roster.isAway = true;
  const balcony = await edge.login(JULIET, 'balcony');
  await got(balcony, `${JULIET}/balcony 1`);
  edge.end(balcony);
  await until(() => tableOf(JULIET)?.length === 0);
  world.roster.isAway = false;
  const chamber = await edge.login(JULIET, 'chamber');
  await got(romeo, `${JULIET}/chamber 1`);
  await got(chamber, `${ROMEO}/orchard 1`);
  assert.ok(!romeo.got.some((line) => line.startsWith(`${JULIET}/balcony`)), 'nobody had seen it');
});

test('a probe of a client is always answered', async () => {
  world.roster.set(JULIET, ROMEO, SUBSCRIPTION.from);
  world.roster.set(ROMEO, JULIET, SUBSCRIPTION.to);
  const romeo = await edge.login(ROMEO, 'orchard');
  const stanza = async (target: string, id: string, expected: string) => {
    const before = romeo.stanzas.length;
    edge.probe(romeo, target, id);
    await until(() => romeo.stanzas.length > before || `no answer to ${id}`);
    assert.deepEqual(romeo.stanzas.slice(before), [expected], id);
  };
  await got(romeo, `${ROMEO}/orchard 1`);
  await stanza(JULIET, 'p1', `<presence from="${JULIET}" id="p1" type="unavailable"/>`);
  await stanza(NURSE, 'p2', `<presence from="${NURSE}" id="p2" type="unsubscribed"/>`);
  await edge.login(JULIET, 'balcony', 'here');
  await got(romeo, `${JULIET}/balcony here`);
  await stanza(JULIET, 'p3', `<presence from="${JULIET}/balcony"><status>here</status></presence>`);
  await stanza(`${JULIET}/balcony`, 'p4', `<presence from="${JULIET}/balcony"/>`);
  await stanza(`${JULIET}/chamber`, 'p5', `<presence from="${JULIET}/chamber" id="p5" type="unavailable"/>`);
  const nurse = await edge.login(NURSE, 'kitchen');
  await stanza(`${NURSE}/kitchen`, 'p6', `<presence from="${NURSE}" id="p6" type="unsubscribed"/>`);
  // RFC 6121 §4.6.6: after directed presence.
  edge.direct(nurse, romeo.jid);
  await until(() => {
    edge.probe(romeo, `${NURSE}/kitchen`, 'p7');
    return romeo.stanzas.at(-1) === `<presence from="${NURSE}/kitchen"/>`;
  });
});

test('RFC 6121 §4.6.3: directed presence ends with the session, once for who watches anyway', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const [romeo, nurse] = [await edge.login(ROMEO, 'orchard'), await edge.login(NURSE, 'kitchen')];
  const juliet = await edge.login(JULIET, 'balcony');
  await got(romeo, `${JULIET}/balcony 1`);
  // What the edge does with the directed presence itself.
  nurse.view.show({ from: juliet.jid, stamp: juliet.stamp, unavailable: false, always: false });
  edge.direct(juliet, NURSE);
  edge.direct(juliet, ROMEO);
  edge.end(juliet);
  await got(nurse, `${JULIET}/balcony gone`);
  await got(romeo, `${JULIET}/balcony gone`);
  assert.equal(romeo.got.filter((line) => line.endsWith('gone')).length, 1);
});

test('RFC 6121 §8.5.3.1: whom a resource may be shown to', async () => {
  world.roster.set(JULIET, ROMEO, SUBSCRIPTION.from);
  const juliet = await edge.login(JULIET, 'balcony');
  const { jid } = juliet;
  const may = async (asker: string, target = jid) => (await edge.visible(asker, target)).visible;
  assert.equal(await may(`${ROMEO}/orchard`), true);
  assert.equal(await may(`${JULIET}/chamber`), true);
  assert.equal(await may(`${NURSE}/kitchen`), false);
  assert.equal(await may(`${ROMEO}/orchard`, `${JULIET}/nowhere`), false);
  edge.direct(juliet, `${NURSE}/kitchen`);
  await until(() => tableOf(JULIET) !== undefined);
  for (let i = 0; i < 100 && !(await may(`${NURSE}/kitchen`)); i++);
  assert.equal(await may(`${NURSE}/kitchen`), true);
  assert.equal(await may(`${NURSE}/cellar`), false);
  world.roster.block(JULIET, ROMEO, true);
  await until(() => world.roster.loads > 1);
  for (let i = 0; i < 100 && (await may(`${ROMEO}/orchard`)); i++);
  assert.equal(await may(`${ROMEO}/orchard`), false);
});

test('RFC 6121 §3.1.3: requests come at each login until they are answered', async () => {
  world.roster.request(JULIET, ROMEO);
  const balcony = await edge.login(JULIET, 'balcony');
  await until(() => balcony.requests.length === 1);
  assert.equal(balcony.requests[0], `<presence from="${ROMEO}" type="subscribe"/>`);
  world.roster.request(JULIET, NURSE);
  const chamber = await edge.login(JULIET, 'chamber');
  await until(() => chamber.requests.length === 2);
  assert.equal(balcony.requests.length, 1);
});

test('an edge that is gone: its sessions end, each once', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const second = world.addEdge('edge-2');
  const romeo = await edge.login(ROMEO, 'orchard');
  await second.login(JULIET, 'balcony');
  await second.bind(JULIET, 'chamber');
  await got(romeo, `${JULIET}/balcony 1`);
  world.killEdge('edge-2');
  await got(romeo, `${JULIET}/balcony gone`);
  await until(() => edge.tables.get(JULIET) === undefined);
  assert.deepEqual(romeo.got, [`${ROMEO}/orchard 1`, `${JULIET}/balcony 1`, `${JULIET}/balcony gone`]);
});

test('what comes quickly is told once, the newest', async () => {
  world.roster.befriend(JULIET, ROMEO);
  const romeo = await edge.login(ROMEO, 'orchard');
  const balcony = await edge.login(JULIET, 'balcony');
  await got(romeo, `${JULIET}/balcony 1`);
  for (let i = 2; i < 100; i++) edge.show(balcony, String(i));
  await got(romeo, `${JULIET}/balcony 99`);
  assert.equal(romeo.got.length, 3, romeo.got.join());
});
