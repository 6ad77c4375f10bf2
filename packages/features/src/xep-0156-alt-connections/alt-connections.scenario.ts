import assert from 'node:assert/strict';
import { scenario, type World } from '@starling/testkit';
import { NS } from './alt-connections.ts';

async function checkHostMeta(world: World): Promise<void> {
  const { host, port } = world.endpoint('ws');
  const ask = (path: string) => fetch(`http://${host}:${port}${path}`);
  const href = `ws://${host}:${port}/xmpp-websocket`;

  const xrd = await ask('/.well-known/host-meta');
  assert.equal(xrd.status, 200);
  assert.equal(xrd.headers.get('content-type'), 'application/xrd+xml; charset=utf-8');
  assert.equal(xrd.headers.get('access-control-allow-origin'), '*');
  const text = await xrd.text();
  assert.match(text, /^<\?xml version='1.0' encoding='utf-8'\?>/);
  assert.ok(text.includes(`<XRD xmlns='${NS.xrd}'><Link rel='${NS.websocket}' href='${href}'/></XRD>`), text);

  const jrd = await ask('/.well-known/host-meta.json');
  assert.equal(jrd.headers.get('content-type'), 'application/json');
  assert.equal(jrd.headers.get('access-control-allow-origin'), '*');
  assert.deepEqual(await jrd.json(), { links: [{ rel: NS.websocket, href }] });
}

scenario(
  'XEP-0156 host-meta names the WebSocket, in XRD and JRD',
  { edges: [1, 3], transports: ['ws'] },
  async ({ world }) => checkHostMeta(world),
);

scenario(
  'XEP-0156 the same from the HTTP server of Node',
  { edges: [1], transports: ['ws'], modes: ['embedded'], ownWorld: true, settings: { STARLING_WS: 'ws' } },
  async ({ world }) => checkHostMeta(world),
);
