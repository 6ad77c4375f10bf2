import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { serve } from '@starling/bus';
import {
  decodeNodeBatch,
  decodeSessionRecord,
  encodeEdgeBatch,
  offline,
  PARTITIONS,
  type Position,
  partitionOf,
  RECORD_STATE,
  SESSION_RECORD_REFRESH_MS,
  SUBSCRIPTION,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { OwnerMap } from '@starling/owners';
import type { FakeEdge, FakeSession } from './testing/fake-edge.ts';
import { differences, repetitions } from './testing/truth.ts';
import { until, World } from './testing/world.ts';

const NODES = ['presence-1', 'presence-2', 'presence-3'];
const USERS = Array.from({ length: 12 }, (_, i) => `user${i}@example.com`);

let world: World;
let edges: [FakeEdge, FakeEdge];
/** All that there ever were. */
let sessions: FakeSession[];

beforeEach(() => {
  world = new World();
  for (const id of NODES) world.addNode(id);
  edges = [world.addEdge('edge-1'), world.addEdge('edge-2')];
  sessions = [];
});
afterEach(() => world.stop());

const ownerOf = (user: string): string =>
  OwnerMap.rendezvous(256, world.nodeGroup.view().members).ownerOf(partitionOf(user as BareJid))?.id ?? '';
/** A user of whom this node is the owner. */
const userOf = (node: string, but = ''): string => {
  const found = USERS.find((user) => ownerOf(user) === node && user !== but);
  assert.ok(found, `no user of ${node}`);
  return found;
};
const isRight = () => until(() => differences(world) === '' || differences(world));

async function login(edge: FakeEdge, user: string, resource = 'r'): Promise<FakeSession> {
  const session = await edge.login(user, resource);
  sessions.push(session);
  return session;
}

/** All friends of all, half on each edge. */
async function everybody(): Promise<void> {
  for (const [i, a] of USERS.entries()) for (const b of USERS.slice(i + 1)) world.roster.befriend(a, b);
  await Promise.all(USERS.map((user, i) => login(edges[i % 2] ?? edges[0], user)));
  await isRight();
}

function noRepetition(contradicted = 0): void {
  assert.equal(edges[0].contradicted + edges[1].contradicted, contradicted);
  assert.equal(repetitions(sessions), '');
}

test('all log in at once: nobody misses anybody, nobody is told twice', async () => {
  await everybody();
  noRepetition();
  for (const [i, user] of USERS.entries()) {
    const session = sessions.find((s) => s.user === user);
    if (session) edges[i % 2]?.show(session, 'away');
  }
  await isRight();
  noRepetition();
});

test('an owner dies: its partitions are learned, and views stay as they are', async () => {
  await everybody();
  const before = sessions.map((s) => s.got.length);
  world.killNode('presence-2');
  await until(() => edges.every((edge) => edge.watch.members.length === 2));
  const late = await login(edges[0], userOf('presence-1'), 'late');
  await isRight();
  noRepetition();
  for (const [i, session] of sessions.entries())
    if (session !== late) assert.ok(session.got.length <= (before[i] ?? 0) + 1, session.got.join());
});

test('who goes while nobody owns him is no ghost', async () => {
  await everybody();
  const user = userOf('presence-2');
  const session = sessions.find((s) => s.user === user);
  assert.ok(session);
  const { bus } = world.node('presence-2');
  bus.cut();
  edges[USERS.indexOf(user) % 2]?.end(session);
  world.killNode('presence-2');
  await isRight();
  noRepetition();
});

test('an edge dies while its owner does', async () => {
  await everybody();
  world.killNode('presence-1');
  world.killEdge('edge-2');
  await isRight();
  assert.ok(sessions.some((s) => s.got.some((line) => line.endsWith('gone'))));
  noRepetition();
});

/** Of an edge that dies: one that can be resumed, of this user, who is everybody's friend. */
async function resumable(user: string, windowMs = 60_000, writtenAt = Date.now()): Promise<FakeSession> {
  const session = await login(edges[1], user, 'phone');
  session.windowMs = windowMs;
  edges[1].show(session, 'resumable');
  await world.keepRecord(edges[1], session, writtenAt);
  await isRight();
  return session;
}

for (const first of ['edge', 'owner', 'edge, before its owner has heard of it'] as const)
  test(`XEP-0198: owner and edge die, first the ${first}: who may come back is not seen to leave`, async () => {
    await everybody();
    const session = await resumable(userOf('presence-1'));
    const lines = () => sessions.flatMap((s) => s.got.filter((line) => line === `${session.jid} gone`));
    if (first === 'owner') world.killNode('presence-1');
    if (first === 'edge, before its owner has heard of it') world.node('presence-1').bus.cut();
    world.killEdgeOf('edge-2', [session]);
    if (first === 'edge') await isRight();
    if (first !== 'owner') world.killNode('presence-1');
    await isRight();
    edges[0].resync();
    await login(edges[0], session.user, 'late');
    await isRight();
    assert.deepEqual(lines(), []);
    world.away.delete(session);
    await edges[0].resume(session);
    edges[0].show(session, 'back');
    const others = [...edges[0].sessions.values()].filter((other) => other !== session);
    await until(() => others.every((other) => other.got.includes(`${session.jid} back`)));
    assert.deepEqual(lines(), []);
  });

test('XEP-0198: owner and edge die, and the client does not come back: its session is over after its window', async () => {
  await everybody();
  const owed: { resource: string; after: Position }[] = [];
  serve(
    world.bus,
    offline.owed(0),
    'archive',
    async (request) => {
      owed.push(request);
      return {};
    },
    assert.fail,
  );
  const session = await resumable(userOf('presence-1'), 300);
  world.killNode('presence-1');
  world.killEdge('edge-2');
  await isRight();
  const key = subjects.session(session.user as BareJid, session.id);
  await until(() => sessions.some((s) => s.got.includes(`${session.jid} gone`)));
  const stored = await world.sessionRecords.get(key);
  assert.equal(stored && decodeSessionRecord(stored.value).recordState, RECORD_STATE.expired);
  await until(() => owed.length > 0);
  assert.deepEqual(
    owed.map(({ resource, after }) => [resource, after.epoch, after.sequence]),
    [['phone', 1, 7]],
  );
});

test('XEP-0198: a record that no edge has written for long brings nobody back', async () => {
  await everybody();
  const session = await resumable(userOf('presence-1'), 60_000, Date.now() - 2 * SESSION_RECORD_REFRESH_MS);
  world.killNode('presence-1');
  world.killEdge('edge-2');
  await isRight();
  assert.ok(sessions.some((s) => s.got.includes(`${session.jid} gone`)));
});

test('an edge dies while a partition is learned from it', async () => {
  await everybody();
  // It does not say what it has.
  edges[1].watch.delayMs = 60_000;
  world.killNode('presence-3');
  await until(() => edges[0].watch.members.length === 2);
  world.killEdge('edge-2');
  await isRight();
  noRepetition();
});

test('a silent edge is asked, and then not waited for any longer', async () => {
  await everybody();
  edges[1].watch.delayMs = 60_000;
  edges[1].watch.noticeEpoch = () => undefined;
  world.killNode('presence-3');
  await until(() => edges[1].wanted > 0);
  await isRight();
  noRepetition();
});

test('a new node takes its share', async () => {
  await everybody();
  world.addNode('presence-4');
  await isRight();
  for (const [i, session] of sessions.entries()) edges[i % 2]?.show(session, 'moved');
  await isRight();
  noRepetition();
});

test('a paused owner comes back under another incarnation and knows nothing of before', async () => {
  await everybody();
  const { membership, node: _ } = world.node('presence-2');
  membership.isFenced = true;
  world.nodeGroup.evict('presence-2');
  await until(() => edges.every((edge) => edge.watch.members.length === 2));
  for (const [i, session] of sessions.entries()) edges[i % 2]?.show(session, 'meanwhile');
  await isRight();
  membership.rejoin();
  await until(() => edges.every((edge) => edge.watch.members.length === 3));
  for (const [i, session] of sessions.entries()) edges[i % 2]?.show(session, 'afterwards');
  await isRight();
  noRepetition();
});

test('presence that was lost between two owners is fetched', async () => {
  await everybody();
  const { bus } = world.node('presence-1');
  bus.loses = (subject) => subject.startsWith('p.');
  for (const [i, session] of sessions.entries()) edges[i % 2]?.show(session, 'lost');
  await until(() => differences(world) !== '');
  await until(() => sessions.some((s) => s.got.some((line) => line.endsWith(' lost'))));
  bus.loses = () => false;
  for (const [i, session] of sessions.entries()) edges[i % 2]?.show(session, 'found');
  await isRight();
  assert.ok(edges[0].missed > 0);
  noRepetition();
});

test('presence that was lost on its way to an edge is fetched', async () => {
  await everybody();
  for (const { bus } of world.nodes.values()) bus.loses = (subject) => subject === 'edge.edge-1';
  const user = userOf('presence-1');
  const session = sessions.find((s) => s.user === user);
  assert.ok(session);
  edges[USERS.indexOf(user) % 2]?.end(session);
  await until(() => differences(world) !== '');
  for (const { bus } of world.nodes.values()) bus.loses = () => false;
  await login(edges[1], user, 'other');
  await isRight();
  noRepetition();
});

/** A session of which its edge does not know any more, as if the process had forgotten to say so: no number is missing. All see that it is gone. */
async function forgotten(): Promise<FakeSession> {
  const [user = ''] = USERS;
  const session = sessions.find((s) => s.user === user);
  assert.ok(session);
  await login(edges[0], user, 'other');
  edges[0].sessions.delete(session.jid);
  session.isOver = true;
  edges[0].sendDigests();
  await isRight();
  return session;
}

test('what an edge has said and nobody heard is seen by its digest', async () => {
  await everybody();
  await forgotten();
  assert.ok(edges[0].wanted > 0);
  const { wanted } = edges[0];
  edges[0].sendDigests();
  edges[1].sendDigests();
  await nextTurn(); // or the login would be told before them
  await login(edges[0], USERS[2] ?? '', 'probe');
  await isRight();
  assert.equal(edges[0].wanted, wanted, 'nothing more was wrong');
  noRepetition();
});

test('a session that was taken for gone and is there is seen again, soon', async () => {
  await everybody();
  // As one that goes on when its owner has not heard of it any more: views have its end.
  const session = await forgotten();
  edges[0].sessions.set(session.jid, session);
  session.isOver = false;
  edges[0].sendDigests();
  await isRight();
  noRepetition(1);
});

test('XEP-0198: a session that was taken for gone and goes on is seen again, soon', async () => {
  await everybody();
  const session = await forgotten();
  await edges[0].resume(session);
  await isRight();
  noRepetition(1);
});

test('what no number and no digest shows is repaired when its partition has its turn', async () => {
  await everybody();
  const [user = ''] = USERS;
  const session = sessions.find((s) => s.user === user);
  assert.ok(session);
  // The only one of its partition.
  edges[0].sessions.delete(session.jid);
  session.isOver = true;
  // And somebody who was never shown anything.
  const other = await login(edges[1], USERS[1] ?? '', 'other');
  await until(() => other.view.size > 1);
  other.view.keepOnly(other.jid);
  other.got.push('');
  for (const edge of edges) for (let turn = 0; turn < 32; turn++) edge.repair(8);
  await isRight();
  noRepetition();
});

test('who is repaired asks for those whom he watches, and tells those who watch him nothing', async () => {
  await everybody();
  let [asked, told] = [0, 0];
  for (const id of NODES)
    world.bus.subscribe(subjects.node(id), ({ data }) => {
      const { probes, emissions } = decodeNodeBatch(data);
      asked += probes.filter(({ shown }) => !shown).length;
      told += emissions.length;
    });
  const own = edges[0].sessions.size;
  edges[0].repair(PARTITIONS);
  // His own owner asks within itself.
  await until(() => asked >= own * (NODES.length - 1));
  await isRight();
  assert.equal(told, 0);
  noRepetition();
});

test('who was said to be gone with too late a stamp says that he is there', async () => {
  await everybody();
  const [user = ''] = USERS;
  const session = sessions.find((s) => s.user === user);
  assert.ok(session);
  // As another session with its address may have done, of which the owner has forgotten that it was displaced.
  const stamp = Date.now() + 50;
  const { id: node, membership } = world.node(ownerOf(user));
  const head = { node, incarnation: membership.incarnation, epoch: membership.epoch, sequence: 999 };
  const gone = { from: session.jid, stamp, unavailable: true, to: USERS, toSeen: false, always: false };
  const presence = Buffer.from(` from="${session.jid}" type="unavailable"/>`);
  const batch = encodeEdgeBatch({
    ...{ ...head, requests: [], wanted: [], missed: false },
    emissions: [{ ...gone, presence }],
  });
  for (const { id } of edges) world.bus.publish(subjects.edge(id), batch);
  await until(() => session.stamp > stamp);
  await isRight();
  noRepetition(1);
});

test('subscriptions that change are shown at once, to all resources, across owners', async () => {
  const [a, b] = [userOf('presence-1'), userOf('presence-2')];
  const [phone, laptop] = [await login(edges[0], a, 'phone'), await login(edges[1], a, 'laptop')];
  const other = await login(edges[0], b);
  world.roster.set(a, b, SUBSCRIPTION.from);
  world.roster.set(b, a, SUBSCRIPTION.to);
  await until(() => other.got.includes(`${phone.jid} 1`) && other.got.includes(`${laptop.jid} 1`));
  world.roster.set(a, b, SUBSCRIPTION.none);
  await until(() => other.got.includes(`${phone.jid} gone`) && other.got.includes(`${laptop.jid} gone`));
  world.roster.set(a, b, SUBSCRIPTION.from);
  await until(() => other.got.filter((line) => line === `${phone.jid} 1`).length === 2);
  world.roster.block(a, b, true);
  await until(() => other.got.filter((line) => line === `${phone.jid} gone`).length === 2);
  world.roster.block(a, b, false);
  await until(() => other.got.filter((line) => line === `${phone.jid} 1`).length === 3);
  world.roster.delete(a);
  await until(() => other.got.filter((line) => line === `${phone.jid} gone`).length === 3);
  assert.ok(!phone.got.some((line) => line.startsWith(b)));
});

test('a notice that was lost is noticed by the next one, or after the connection came back', async () => {
  const [a, b, c] = [userOf('presence-1'), userOf('presence-2'), userOf('presence-3')];
  await login(edges[0], a);
  const [second, third] = [await login(edges[0], b), await login(edges[1], c)];
  world.roster.isMute = true;
  world.roster.set(a, b, SUBSCRIPTION.from);
  world.roster.isMute = false;
  world.roster.set(a, c, SUBSCRIPTION.from);
  await until(() => [second, third].every((s) => s.got.includes(`${a}/r 1`)));
  world.roster.isMute = true;
  world.roster.set(a, b, SUBSCRIPTION.none);
  (world.bus as unknown as { announceLoss(): void }).announceLoss();
  await until(() => second.got.includes(`${a}/r gone`));
  await isRight();
});

test('a bind while its partition is learned waits for its turn', async () => {
  await everybody();
  const user = userOf('presence-2');
  world.killNode('presence-2');
  const session = await login(edges[0], user, 'new');
  const again = await login(edges[1], user, 'new');
  await until(() => session.hasConflict);
  assert.ok(again.boundAt > session.boundAt);
  await isRight();
  noRepetition();
});
