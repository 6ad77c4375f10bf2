import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryBus, MemoryLog, type MemoryLogOptions, MemoryRecords, RpcError, serve } from '@starling/bus';
import { accounts, blocks, fast, queues, type ScramKeys } from '@starling/contracts';
import { ownersConfig } from '@starling/owners';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { type Client, type Endpoint, login } from '@starling/testkit';
import { edgeConfig } from '../config.ts';
import { type Edge, startEdge } from '../edge.ts';
import { featureConfigs } from '../feature-configs.ts';
import { makeKeys } from '../sasl/index.ts';
import { SOFTWARE } from '../software.ts';
import { FakeFast } from './fake-fast.ts';
import { type FakePresence, startFakePresence } from './fake-presence.ts';

export const DOMAIN = 'localhost';
export const PASSWORD = 'sekret';
/** Fewer than anybody may use, as tests log in often. */
const ITERATIONS = 64;
const RECORD_BYTES_MAX = 100_000;

export interface OneEdgeOptions {
  /** Another edge, whose bus, log and accounts this one shares. */
  readonly beside?: OneEdge;
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: Partial<MemoryLogOptions>;
  /** Called in place of the roster service's answer for keys. */
  readonly onKeys?: (user: string) => Promise<void>;
}

/** One edge on the bus and the log of this process; accounts in a Map. */
export interface OneEdge {
  readonly id: string;
  readonly edge: Edge;
  readonly bus: MemoryBus;
  readonly log: MemoryLog;
  readonly records: MemoryRecords;
  readonly presence: FakePresence;
  readonly accounts: Map<string, readonly ScramKeys[]>;
  endpoint(transport: Endpoint['transport']): Endpoint;
  /** A new account, its password is PASSWORD. */
  addAccount(name: string): void;
  /** Connects, logs in, binds; sends no presence. The account is made if it is missing. */
  device(name: string, resource: string, transport?: 'tcp' | 'ws'): Promise<Client>;
  /** As device, with initial presence. */
  online(name: string, resource: string, transport?: 'tcp' | 'ws'): Promise<Client>;
  /** The sum of a metric's samples whose labels contain the text. */
  metric(name: string, label?: string): Promise<number>;
  stop(): Promise<void>;
}

export async function startOneEdge(options: OneEdgeOptions = {}): Promise<OneEdge> {
  const folder = await mkdtemp(join(tmpdir(), 'starling-edge-'));
  const keys = await makeKeys(PASSWORD, ITERATIONS);
  const faults: unknown[] = [];
  const { beside } = options;
  const stored = beside?.accounts ?? new Map<string, readonly ScramKeys[]>();
  const bus = beside?.bus ?? new MemoryBus({ onError: (error) => faults.push(error) });
  const log = beside?.log ?? new MemoryLog(bus, { streams: 2, acknowledge: 'at-once', ...options.log });
  const records = beside?.records ?? new MemoryRecords(RECORD_BYTES_MAX);
  if (beside === undefined) serveAccounts(bus, stored, (error) => faults.push(error), options.onKeys);
  const id = beside === undefined ? 'edge-1' : 'edge-2';
  const env = {
    STARLING_C2S_PORT: '0',
    STARLING_C2S_TLS_PORT: '0',
    STARLING_HTTP_PORT: '0',
    STARLING_DATA_DIR: folder,
    STARLING_REGISTRATION: 'open',
    STARLING_POSITION_TIMEOUT: '50ms',
    STARLING_ARCHIVE_ID_SECRET: 'of a test, and long enough',
    ...options.env,
  };
  const config = loadConfig({ edge: edgeConfig, owners: ownersConfig, ...featureConfigs }, { env, args: [] });
  const { owners } = config;
  const presence = beside?.presence ?? (await startFakePresence({ bus, records, owners }));
  const metrics = new MetricsRegistry();
  const edge = await startEdge({
    id,
    config: config.edge,
    featureConfig: config,
    software: SOFTWARE,
    bus,
    log,
    records,
    sessionRecords: records,
    owners,
    logger: silentLogger,
    metrics,
  });
  const world: OneEdge = {
    id,
    edge,
    bus,
    log,
    records,
    presence,
    accounts: stored,
    endpoint: (transport) => ({
      transport,
      host: '127.0.0.1',
      port: { tcp: edge.endpoints.c2s, tls: edge.endpoints.c2sTls, ws: edge.endpoints.http }[transport],
    }),
    addAccount: (name) => void stored.set(`${name}@${DOMAIN}`, keys),
    device: (name, resource, transport = 'tcp') => {
      world.addAccount(name);
      return login(world.endpoint(transport), DOMAIN, {
        username: name,
        password: PASSWORD,
        mechanism: 'PLAIN',
        resource,
      });
    },
    online: async (name, resource, transport) => {
      const client = await world.device(name, resource, transport);
      await client.sends`<presence/>`;
      await client.receives`<presence from='${client.jid}'/>`;
      return client;
    },
    metric: async (name, label = '') =>
      (await metrics.scrape())
        .split('\n')
        .filter((line) => line.startsWith(name) && line.includes(label))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0),
    stop: async () => {
      await edge.stop();
      if (beside === undefined) {
        await presence.stop();
        await records.close();
        await log.close();
        await bus.close();
      }
      await rm(folder, { recursive: true });
      if (faults.length > 0) throw new AggregateError(faults, 'handlers of the bus threw');
    },
  };
  return world;
}

function serveAccounts(
  bus: MemoryBus,
  stored: Map<string, readonly ScramKeys[]>,
  onError: (error: unknown) => void,
  onKeys: (user: string) => Promise<void> = async () => undefined,
): void {
  serve(
    bus,
    accounts.keys,
    queues.roster,
    async ({ user }) => {
      await onKeys(user);
      return { exists: stored.has(user), keys: stored.get(user) ?? [] };
    },
    onError,
  );
  const tokens = new FakeFast();
  serve(bus, fast.list, queues.roster, (request) => tokens.list(request), onError);
  serve(bus, fast.use, queues.roster, (request) => tokens.use(request), onError);
  serve(bus, fast.issue, queues.roster, (request) => tokens.issue(request), onError);
  serve(bus, blocks.list, queues.roster, async () => ({ version: 0, jids: [], cleared: false }), onError);
  serve(
    bus,
    accounts.create,
    queues.roster,
    async ({ user, keys }) => {
      if (stored.has(user)) throw new RpcError('conflict');
      stored.set(user, keys);
      return {};
    },
    onError,
  );
}
