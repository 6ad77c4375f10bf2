import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { until, World } from './testing/world.ts';

const JULIET = 'juliet@example.com';
const ROMEO = 'romeo@example.com';

let world: World;

beforeEach(() => {
  world = new World({
    STARLING_PRESENCE_LAST_SEEN_LINGER: '2ms',
    STARLING_PRESENCE_LAST_SEEN_MAX: '2',
    STARLING_PRESENCE_LAST_SEEN_ATTEMPTS_MAX: '50',
  });
  world.addNode('presence-1');
});
afterEach(() => world.stop());

const told = () => world.roster.lastSeen.map(({ user }) => user);

test('XEP-0012: told when the last available resource has gone, and not before', async () => {
  const edge = world.addEdge('edge-1');
  const [balcony, chamber] = [await edge.login(JULIET, 'balcony'), await edge.login(JULIET, 'chamber')];
  const romeo = await edge.login(ROMEO, 'orchard');
  const silent = await edge.bind(JULIET, 'silent');
  edge.hide(balcony);
  edge.end(romeo);
  await until(() => told().includes(ROMEO));
  assert.deepEqual(told(), [ROMEO]);
  edge.end(chamber);
  await until(() => told().includes(JULIET));
  const atMs = world.roster.lastSeen[1]?.atMs ?? 0;
  assert.ok(Math.abs(Date.now() - atMs) < 5_000);
  // A session that was never available.
  edge.end(silent);
  const again = await edge.login(ROMEO, 'orchard');
  edge.end(again);
  await until(() => told().length === 3);
  assert.deepEqual(told(), [ROMEO, JULIET, ROMEO]);
});

test('of a dead edge the owner tells, with no word', async () => {
  const edge = world.addEdge('edge-1');
  await edge.login(JULIET, 'balcony');
  await until(() => edge.tables.get(JULIET)?.rows[0]?.state === 1 || JSON.stringify(edge.tables.get(JULIET)));
  world.killEdge('edge-1');
  await until(() => told().includes(JULIET));
  assert.equal(world.roster.lastSeen[0]?.status, '');
});

test('while the roster service is away the newest are kept, as many as may be, and told later', async () => {
  const edge = world.addEdge('edge-1');
  world.roster.isAway = true;
  const users = ['a@example.com', 'b@example.com', 'c@example.com'];
  for (const user of users) {
    const session = await edge.login(user, 'x');
    edge.end(session);
    await until(() => (edge.tables.get(user)?.rows.length ?? 1) === 0);
  }
  world.roster.isAway = false;
  await until(() => told().length >= 2);
  assert.deepEqual(told(), users.slice(1));
});
