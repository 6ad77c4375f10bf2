import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { BareJid } from '@starling/jid';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { loadConfig, MetricsRegistry } from '@starling/runtime';
import { busConfig } from './config.ts';
import { bytesOf, until } from './conformance/tools.ts';
import { MemoryBus } from './memory-bus.ts';
import { NatsBus } from './nats-bus.ts';
import { openBus, openLog } from './open-bus.ts';

const alice = 'alice@example.com' as BareJid;
const configOf = (env: Record<string, string>) => loadConfig({ bus: busConfig }, { env, args: [] }).bus;

/** The values of our metrics, by name and labels. */
async function scrape(metrics: MetricsRegistry): Promise<Map<string, number>> {
  const lines = (await metrics.scrape()).split('\n').filter((line) => line.startsWith('starling_'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
}

describe('openBus and openLog', () => {
  it('stay in this process without a URL, and wait for the archive', async () => {
    const config = configOf({ STARLING_LOG_STREAMS: '2' });
    const metrics = new MetricsRegistry();
    const bus = await openBus(config, { metrics });
    const log = await openLog(config, bus, { metrics });
    assert.ok(bus instanceof MemoryBus);
    assert.equal(log.streams, 2);
    const pending = log.append(alice, 'id', bytesOf('x'));
    assert.equal((await scrape(metrics)).get('starling_log_pending_appends'), 1);
    log.archived(0, 1);
    log.archived(1, 1);
    assert.equal((await pending).sequence, 1);
    assert.equal((await log.append(alice, 'id', bytesOf('x'))).duplicate, true);
    const values = await scrape(metrics);
    assert.equal(values.get('starling_log_pending_appends'), 0);
    assert.equal(values.get('starling_log_append_seconds_count'), 2);
    assert.equal(values.get('starling_log_duplicate_first_attempts_total'), 1);
    await log.close();
    await bus.close();
  });

  it('go to NATS with one, whichever of the servers is there', async (t) => {
    const server = await startNatsServer();
    t.after(() => server.remove());
    const env = { STARLING_NATS_URL: `nats://127.0.0.1:1, ${server.url}`, STARLING_LOG_MAX_BYTES: '16MiB' };
    const metrics = new MetricsRegistry();
    const bus = await openBus(configOf(env), { metrics });
    const log = await openLog(configOf(env), bus, { metrics });
    assert.ok(bus instanceof NatsBus);
    assert.equal((await log.append(alice, 'id', bytesOf('x'))).duplicate, false);
    const values = await scrape(metrics);
    assert.equal(values.get('starling_log_append_seconds_count'), 1);
    assert.equal(values.get('starling_bus_reconnects_total'), 0);
    await server.kill();
    await server.restart();
    await until(
      'the reconnect is counted',
      async () => (await scrape(metrics)).get('starling_bus_reconnects_total') === 1,
    );
    await log.close();
    await bus.close();
  });

  it('give up a server that is not there', async () => {
    const config = configOf({ STARLING_NATS_URL: 'nats://127.0.0.1:1', STARLING_NATS_CONNECT_TIMEOUT: '1s' });
    await assert.rejects(openBus(config), /refused/);
  });
});
