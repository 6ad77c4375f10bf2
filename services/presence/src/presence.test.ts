import assert from 'node:assert/strict';
import { test } from 'node:test';
import { call, MemoryBus, MemoryRecords, RpcError } from '@starling/bus';
import { groups, presence as methods } from '@starling/contracts';
import { joinGroup, ownersConfig } from '@starling/owners';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { presenceConfig } from './config.ts';
import { startPresence } from './presence.ts';

test('alone it serves as soon as it has started, and binds for edges that it knows', async () => {
  const bus = new MemoryBus();
  const records = new MemoryRecords(65_536);
  const config = loadConfig({ presence: presenceConfig, owners: ownersConfig }, { env: {}, args: [] });
  const { owners } = config;
  const shared = {
    bus,
    records,
    sessionRecords: records,
    streams: 1,
    logger: silentLogger,
    metrics: new MetricsRegistry(),
  };
  const presence = await startPresence({ ...shared, id: 'presence-1', config: config.presence, owners });
  const edge = await joinGroup({ ...shared, group: groups.edge, config: owners, id: 'edge-1' });
  try {
    const request = { user: 'juliet@example.com', resource: 'balcony', session: 's1', edge: 'edge-1' };
    const bind = (incarnation: string) =>
      call(bus, methods.bind('presence-1'), { ...request, incarnation }, 1_000).catch((error: unknown) => error);
    let reply = await bind(edge.incarnation);
    // It hears of the edge when it looks.
    for (let i = 0; i < 100 && reply instanceof RpcError; i++) {
      assert.equal(reply.condition, 'unexpected-request');
      await new Promise((resolve) => setTimeout(resolve, 10));
      reply = await bind(edge.incarnation);
    }
    assert.deepEqual((reply as { table: { rows: unknown[] } }).table.rows.length, 1);
    const stranger = await bind('another');
    assert.ok(stranger instanceof RpcError && stranger.condition === 'unexpected-request');
  } finally {
    await edge.close();
    await presence.stop();
    await bus.close();
  }
});
