import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { AdminError, AdminServer } from './admin-server.ts';
import { Health } from './health.ts';
import { silentLogger } from './log.ts';
import { MetricsRegistry } from './metrics.ts';
import { Secret } from './secret.ts';

async function open(t: { after(f: () => Promise<void>): void }, options: { token?: string; host?: string } = {}) {
  const health = new Health();
  const { token = '', host = '127.0.0.1' } = options;
  const common = { health, metrics: new MetricsRegistry(), log: silentLogger, port: 0 };
  const admin = await AdminServer.open({ ...common, host, token: new Secret(token) });
  t.after(() => admin.close());
  const fetchPath = async (path: string, init: RequestInit = {}, address = '127.0.0.1') => {
    const reply = await fetch(`http://${address}:${admin.port}${path}`, init);
    return { status: reply.status, text: await reply.text() };
  };
  return { admin, health, fetchPath };
}

test('/livez never depends on others, /readyz on every check', async (t) => {
  const { health, fetchPath } = await open(t);
  assert.equal((await fetchPath('/readyz')).status, 200);
  let bus: boolean | string = 'reconnecting';
  health.ready('bus', () => bus);
  const undo = health.ready('db', () => {
    throw new Error('broken check');
  });
  assert.throws(() => health.ready('db', () => true), /two readiness checks/);
  assert.equal((await fetchPath('/livez')).status, 200);
  const notReady = await fetchPath('/readyz');
  assert.equal(notReady.status, 503);
  assert.deepEqual(JSON.parse(notReady.text), {
    ready: false,
    reasons: ['bus: reconnecting', 'db: Error: broken check'],
  });
  bus = true;
  undo();
  assert.equal((await fetchPath('/readyz')).status, 200);
  assert.equal((await fetchPath('/metrics')).status, 200);
});

test('mounted routes get parameters, query and JSON, and answer errors as such', async (t) => {
  const { admin, fetchPath } = await open(t);
  admin.route('PUT', '/accounts/:user', ({ params, query, body }) => ({
    status: 201,
    body: { params, dry: query.get('dry'), body },
  }));
  admin.route('DELETE', '/accounts/:user', () => {
    throw new AdminError(404, 'no such account');
  });
  admin.route('GET', '/broken', () => Promise.reject(new Error('inner detail')));
  const created = await fetchPath('/accounts/rom%C3%A9o%2F%40x?dry=1', { method: 'PUT', body: '{"a":1}' });
  assert.equal(created.status, 201);
  assert.deepEqual(JSON.parse(created.text), { params: { user: 'roméo/@x' }, dry: '1', body: { a: 1 } });
  assert.deepEqual(await fetchPath('/accounts/x', { method: 'DELETE' }), {
    status: 404,
    text: '{"error":"no such account"}\n',
  });
  assert.equal((await fetchPath('/accounts/x', { method: 'POST' })).status, 405);
  assert.equal((await fetchPath('/accounts/')).status, 404);
  assert.equal((await fetchPath('/accounts/%zz', { method: 'PUT' })).status, 400);
  assert.equal((await fetchPath('//')).status, 400);
  assert.equal((await fetchPath('/accounts/x', { method: 'PUT', body: '{' })).status, 400);
  assert.equal((await fetchPath('/accounts/x', { method: 'PUT', body: 'x'.repeat(1024 * 1024 + 1) })).status, 413);
  assert.deepEqual(await fetchPath('/broken'), { status: 500, text: '{"error":"internal error"}\n' });
});

test('a browser cannot reach mounted routes; with a token nobody can without it', async (t) => {
  const { admin, fetchPath } = await open(t, { token: 'sesame' });
  admin.route('POST', '/accounts', () => ({ status: 201 }));
  const post = (headers: Record<string, string>) => fetchPath('/accounts', { method: 'POST', headers });
  assert.equal((await post({})).status, 401);
  assert.equal((await post({ authorization: 'Bearer other' })).status, 401);
  assert.equal((await post({ authorization: 'Bearer sesame', origin: 'http://localhost:5290' })).status, 403);
  assert.equal((await post({ authorization: 'Bearer sesame' })).status, 201);
  assert.equal((await fetchPath('/livez')).status, 200);
});

test('without a token only this machine may use mounted routes', async (t) => {
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((n) => n?.family === 'IPv4' && !n.internal)?.address;
  if (!outside) return t.skip('this machine has only loopback');
  const { admin, fetchPath } = await open(t, { host: '0.0.0.0' });
  admin.route('GET', '/accounts', () => ({ status: 200 }));
  assert.equal((await fetchPath('/accounts')).status, 200);
  assert.equal((await fetchPath('/accounts', {}, outside)).status, 403);
  assert.equal((await fetchPath('/livez', {}, outside)).status, 200);
});
