import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groups, subjects } from '@starling/contracts';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { loadConfig } from '@starling/runtime';
import { busConfig } from './config.ts';
import { bytesOf, textOf } from './conformance/tools.ts';
import { openBus } from './open-bus.ts';
import { openRecords } from './open-records.ts';

const KEY = subjects.membership(groups.archive);
const configOf = (env: Record<string, string>) => loadConfig({ bus: busConfig }, { env, args: [] }).bus;

describe('openRecords', () => {
  it('stays in this process without a URL', async () => {
    const config = configOf({});
    const bus = await openBus(config);
    const records = await openRecords(config, bus);
    assert.equal(await records.put(KEY, bytesOf('x'), 0), 1);
    await records.close();
    await bus.close();
  });

  it('waits until the stream is there unless it may make it, and finds what was written before a restart', async (t) => {
    const server = await startNatsServer();
    t.after(() => server.remove());
    const config = configOf({ STARLING_NATS_URL: server.url });
    const bus = await openBus(config);
    t.after(() => bus.close());
    const soon = { ...config, natsConnectTimeoutMs: 0 };
    await assert.rejects(openRecords(soon, bus, { manage: false }), /does not exist yet/);
    const waiting = openRecords(config, bus, { manage: false });
    const made = await openRecords(config, bus);
    const records = await waiting;
    await made.put(KEY, bytesOf('kept'), 0);
    const reconnected = new Promise<void>((resolve) => bus.onReconnect(resolve));
    await server.kill();
    await server.restart();
    await reconnected;
    assert.equal(textOf((await records.get(KEY))?.value ?? bytesOf('')), 'kept');
  });
});
