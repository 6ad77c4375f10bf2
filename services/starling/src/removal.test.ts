import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Bus, call, MemoryBus } from '@starling/bus';
import { accounts, streamName } from '@starling/contracts';
import { Lifecycle, loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { Client, login, type NatsServer, Postgres, registerAccount, startNatsServer } from '@starling/testkit';
import { startEmbedded } from './embedded.ts';
import { embeddedSpecs } from './specs.ts';

const DOMAIN = 'localhost';
const CALL_TIMEOUT_MS = 10_000;
/** Two digests, a page of the log, and a slow machine. */
const LEARNT_MS = 5_000;
const REMOVED = `<error xmlns='http://etherx.jabber.org/streams'><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>`;

/** A whole system in this process, which can lose what its log publishes again. */
interface System {
  readonly bus: Bus;
  readonly port: number;
  lose(): Promise<void>;
  keep(): Promise<void>;
  stop(): Promise<void>;
}

async function startHere(env: Record<string, string>): Promise<Omit<System, 'lose' | 'keep'>> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-removal-'));
  const ports = { STARLING_C2S_PORT: '0', STARLING_C2S_TLS_PORT: '0', STARLING_HTTP_PORT: '0' };
  const secret = { STARLING_ARCHIVE_ID_SECRET: 'of a test, and long enough' };
  const config = loadConfig(embeddedSpecs, {
    env: { ...ports, ...secret, STARLING_DATA_DIR: folder, STARLING_PAGE: 'off', ...env },
    args: [],
  });
  const lifecycle = new Lifecycle();
  const { bus, edge } = await startEmbedded({
    ...{ config, edgeId: 'edge-1', presenceId: 'presence-1', logger: silentLogger, metrics: new MetricsRegistry() },
    use: (name, thing, stop, options) => lifecycle.use(name, thing, stop, options),
    onFailure: (error) => assert.fail(String(error)),
  });
  const stop = async () => {
    assert.deepEqual(await lifecycle.stop(), []);
    rmSync(folder, { recursive: true, force: true });
  };
  return { bus, port: edge.endpoints.c2s, stop };
}

async function inMemory(): Promise<System> {
  const system = await startHere({});
  const { bus } = system;
  assert.ok(bus instanceof MemoryBus);
  const republish = bus.republish.bind(bus);
  let isLosing = false;
  bus.republish = (...args) => {
    if (!isLosing) republish(...args);
  };
  const set = async (losing: boolean) => {
    isLosing = losing;
  };
  return { ...system, lose: () => set(true), keep: () => set(false) };
}

async function onServers(): Promise<System> {
  const [nats, postgres]: [NatsServer, Postgres] = await Promise.all([startNatsServer(), Postgres.start()]);
  const system = await startHere({
    ...{ STARLING_NATS_URL: nats.url, STARLING_DATABASE_URL: postgres.url() },
    STARLING_LOG_MAX_BYTES: '64MiB',
  });
  const { bus } = system;
  const ask = async (subject: string, body: string) => {
    const reply = await bus.request(`$JS.API.STREAM.${subject}.${streamName(0)}`, Buffer.from(body), CALL_TIMEOUT_MS);
    const { config, error } = JSON.parse(Buffer.from(reply).toString()) as { config?: object; error?: unknown };
    assert.ok(error === undefined && config !== undefined, JSON.stringify(error));
    return config;
  };
  const asMade = await ask('INFO', '');
  const update = async (config: object) => void (await ask('UPDATE', JSON.stringify(config)));
  return {
    ...system,
    lose: () => update({ ...asMade, republish: undefined }),
    keep: () => update(asMade),
    stop: async () => {
      await system.stop();
      await Promise.all([nats.remove(), postgres.stop()]);
    },
  };
}

for (const [where, open] of [
  ['in memory', inMemory],
  ['on NATS and PostgreSQL', onServers],
] as const) {
  describe(`an account is removed, and what the log says of it is lost on its way, ${where}`, {
    timeout: 120_000,
  }, () => {
    let system: System;
    const clients: Client[] = [];
    before(async () => {
      system = await open();
    });
    after(async () => {
      await Promise.all(clients.map((client) => client.destroy()));
      await system.stop();
    });

    const endpoint = () => ({ transport: 'tcp', host: '127.0.0.1', port: system.port }) as const;
    const register = (username: string, password: string) => registerAccount(endpoint(), DOMAIN, username, password);
    const online = async (username: string, password: string, resource: string) => {
      const client = await login(endpoint(), DOMAIN, { username, password, resource });
      clients.push(client);
      await client.sends`<presence/>`;
      await client.receives`<presence from='${client.jid}'/>`;
      return client;
    };
    const remove = (username: string) =>
      call(system.bus, accounts.remove, { user: `${username}@${DOMAIN}` }, CALL_TIMEOUT_MS);

    it('its sessions end within the time of a digest', async () => {
      await register('tybalt', 'old');
      const old = await online('tybalt', 'old', 'street');
      await system.lose();
      await remove('tybalt');
      await system.keep();
      await old.receive(REMOVED, LEARNT_MS);
    });

    it('who has authenticated before gets no session by it', async () => {
      await register('mercutio', 'old');
      const client = await Client.connect(endpoint(), DOMAIN);
      clients.push(client);
      await client.negotiate();
      await client.authenticate('mercutio', 'old');
      await client.openStream();
      await remove('mercutio');
      await assert.rejects(client.bind('house'), /item-not-found/);
    });

    it('they get nothing that comes for the next one of that name, whose sessions stay', async () => {
      await register('juliet', 'nurse');
      await register('romeo', 'old');
      const juliet = await online('juliet', 'nurse', 'balcony');
      const old = await online('romeo', 'old', 'orchard');
      await system.lose();
      await remove('romeo');
      await register('romeo', 'new');
      await system.keep();
      const next = await online('romeo', 'new', 'street');
      await juliet.sends`<message to='romeo@${DOMAIN}' type='chat' id='m1'><body>of the new one</body></message>`;
      await next.receives`<message id='m1'/>`;
      await old.receive(REMOVED, LEARNT_MS);
      await old.ended();
      assert.equal(old.has("<message id='m1'/>"), false);
      await next.ping();
      await juliet.sends`<message to='romeo@${DOMAIN}' type='chat' id='m2'><body>still</body></message>`;
      await next.receives`<message id='m2'/>`;
    });
  });
}
