import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { MemoryBus, MemoryLog, RpcError, serve } from '@starling/bus';
import { accounts, blocks, queues, type ScramKeys } from '@starling/contracts';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { login, registerAccount } from '@starling/testkit';
import { edgeConfig } from './config.ts';
import { type Edge, startEdge } from './edge.ts';
import { featureConfigs } from './feature-configs.ts';
import { SOFTWARE } from './software.ts';

/** One edge on the bus and the log of this process; accounts in a Map. */
let edge: Edge;
let bus: MemoryBus;
let log: MemoryLog;
let folder: string;
const stored = new Map<string, readonly ScramKeys[]>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-edge-'));
  bus = new MemoryBus({});
  log = new MemoryLog(bus, { streams: 2, acknowledge: 'at-once' });
  const fail = (error: unknown) => assert.fail(String(error));
  serve(
    bus,
    accounts.keys,
    queues.roster,
    async ({ user }) => ({ exists: stored.has(user), keys: stored.get(user) ?? [] }),
    fail,
  );
  serve(bus, blocks.list, queues.roster, async () => ({ version: 0, jids: [], cleared: false }), fail);
  serve(
    bus,
    accounts.create,
    queues.roster,
    async ({ user, keys }) => {
      if (stored.has(user)) throw new RpcError('conflict');
      stored.set(user, keys);
      return {};
    },
    fail,
  );
  const env = {
    STARLING_C2S_PORT: '0',
    STARLING_C2S_TLS_PORT: '0',
    STARLING_HTTP_PORT: '0',
    STARLING_DATA_DIR: folder,
    STARLING_REGISTRATION: 'open',
    STARLING_POSITION_TIMEOUT: '50ms',
  };
  const config = loadConfig({ edge: edgeConfig, ...featureConfigs }, { env, args: [] });
  edge = await startEdge({
    id: 'edge-1',
    config: config.edge,
    featureConfig: config,
    software: SOFTWARE,
    bus,
    log,
    logger: silentLogger,
    metrics: new MetricsRegistry(),
  });
});

after(async () => {
  await edge.stop();
  await log.close();
  await bus.close();
  await rm(folder, { recursive: true });
});

const endpoint = (transport: 'tcp' | 'ws') =>
  ({ transport, host: '127.0.0.1', port: transport === 'tcp' ? edge.endpoints.c2s : edge.endpoints.http }) as const;

for (const transport of ['tcp', 'ws'] as const) {
  test(`two strangers register, log in and chat over ${transport}`, async () => {
    const [romeo, juliet] = await Promise.all(
      ['romeo', 'juliet'].map(async (name) => {
        const username = `${name}-${transport}`;
        await registerAccount(endpoint(transport), 'localhost', username, 'sekret');
        const client = await login(endpoint(transport), 'localhost', { username, password: 'sekret', resource: 'r' });
        await client.sends`<presence/>`;
        await client.receives`<presence from='${client.jid}'/>`;
        return client;
      }),
    );
    assert.ok(romeo && juliet);
    await romeo.sends`<message to='juliet-${transport}@localhost' type='chat' id='m1'><body>hark</body></message>`;
    await juliet.receives`<message from='romeo-${transport}@localhost/r' type='chat' id='m1'><body>hark</body></message>`;
    await juliet.sends`<iq type='get' id='p1'><ping xmlns='urn:xmpp:ping'/></iq>`;
    await juliet.receives`<iq type='result' id='p1'/>`;
    await Promise.all([romeo.close(), juliet.close()]);
  });
}
