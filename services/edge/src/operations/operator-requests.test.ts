import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { call, RpcError } from '@starling/bus';
import { operations, SESSION_STATE } from '@starling/contracts';
import { Client } from '@starling/testkit';
import { DOMAIN, type OneEdge, PASSWORD, startOneEdge } from '../testing/one-edge.ts';

const TIMEOUT_MS = 2_000;
let world: OneEdge;
before(async () => {
  world = await startOneEdge();
});
after(() => world.stop());

const sessions = (request: Partial<{ user: string; after: string; limit: number }> = {}) =>
  call(world.bus, operations.sessions(world.id), { user: '', after: '', limit: 0, ...request }, TIMEOUT_MS);
const kick = (user: string, session: string, text = '') =>
  call(world.bus, operations.kick(world.id), { user, session, text }, TIMEOUT_MS);

test('an edge tells its sessions page by page, of one user or of all', async (t) => {
  const romeo = await world.online('romeo', 'garden');
  const juliet = await world.device('juliet', 'balcony', 'ws');
  t.after(() => Promise.all([romeo.close(), juliet.close()]));
  const all = await sessions();
  assert.deepEqual(
    all.sessions.map(({ jid, state, detachedAt, resumable }) => ({ jid, state, detachedAt, resumable })),
    [
      { jid: 'juliet@localhost/balcony', state: SESSION_STATE.connected, detachedAt: 0, resumable: false },
      { jid: 'romeo@localhost/garden', state: SESSION_STATE.available, detachedAt: 0, resumable: false },
    ],
  );
  assert.deepEqual([all.complete, all.total, all.users, all.detached], [true, 2, 2, 0]);
  const first = await sessions({ limit: 1 });
  assert.deepEqual([first.sessions.length, first.complete, first.total], [1, false, 2]);
  const second = await sessions({ limit: 1, after: first.sessions[0]?.jid ?? '' });
  assert.deepEqual([second.sessions[0]?.jid, second.complete], ['romeo@localhost/garden', true]);
  assert.equal((await sessions({ user: 'romeo@localhost' })).sessions.length, 1);
});

test('whoever is kicked hears policy-violation and why, and cannot resume', async () => {
  const romeo = await world.device('romeo', 'phone');
  await romeo.manage();
  const [{ session = '' } = {}] = (await sessions({ user: 'romeo@localhost' })).sessions;
  assert.ok((await kick('romeo@localhost', session, 'out of office')).known);
  await romeo.receives`<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>out of office</text></stream:error>`;
  await romeo.ended();
  assert.equal((await sessions({ user: 'romeo@localhost' })).sessions.length, 0);
  assert.ok(!(await kick('romeo@localhost', session)).known);
  const again = await Client.connect(world.endpoint('tcp'), DOMAIN);
  await again.negotiate();
  await again.authenticate('romeo', PASSWORD, 'PLAIN');
  await again.openStream();
  await assert.rejects(again.resume(romeo), /item-not-found/);
  await again.destroy();
});

test('a session whose client is away ends as well', async () => {
  const romeo = await world.device('romeo', 'tablet');
  await romeo.manage();
  await romeo.destroy();
  let found = (await sessions({ user: 'romeo@localhost' })).sessions[0];
  while (found !== undefined && found.detachedAt === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    found = (await sessions({ user: 'romeo@localhost' })).sessions[0];
  }
  assert.ok(found?.resumable);
  assert.ok((await kick('romeo@localhost', found.session)).known);
  assert.deepEqual((await sessions()).total, 0);
});

test('an edge within a larger process is not stopped', async () => {
  const asked = call(world.bus, operations.drain(world.id), {}, TIMEOUT_MS);
  await assert.rejects(asked, (error) => error instanceof RpcError && error.condition === 'not-allowed');
});
