import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bus,
  type BusConfig,
  busConfig,
  JetStreamLog,
  type Log,
  MemoryBus,
  MemoryLog,
  MemoryRecords,
  NatsBus,
  openBus,
  openLog,
  openRecords,
  type Records,
} from '@starling/bus';
import { streamName } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { Postgres } from '@starling/local-servers/postgres';
import { ownersConfig } from '@starling/owners';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { type Archive, startArchive } from '../archive.ts';
import { archiveConfig } from '../config.ts';
import { recentLogState } from '../recent-log-state.ts';
import { FaultyDb } from './faulty-db.ts';

export const STREAMS = 2;
const FAST = {
  STARLING_ARCHIVE_LINGER: '10ms',
  STARLING_DIGEST_INTERVAL: '50ms',
  STARLING_OFFLINE_TAKEOVER_WAIT: '0',
  STARLING_HEARTBEAT_INTERVAL: '100ms',
  STARLING_DEAD_AFTER: '900ms',
  STARLING_FENCE_MARGIN: '200ms',
  STARLING_EVICTION_JITTER: '50ms',
};
const RECORD_BYTES_MAX = 64 * 1024;

export interface StartOptions {
  readonly id?: string;
  readonly db?: Db;
  readonly records?: Records;
  /** Its connection to the bus, when that is its own. */
  readonly connection?: Connection;
  readonly env?: Record<string, string>;
}

/** What one process has of the bus. */
export interface Connection {
  readonly bus: Bus;
  readonly log: Log;
  readonly records: Records;
  /** As if the process had died. */
  cut(): Promise<void>;
}

/** Log, bus and database of one test. */
export interface World {
  readonly bus: Bus;
  readonly log: Log;
  readonly db: FaultyDb;
  /** A connection of one's own to the same database: another process's. */
  openDb(): FaultyDb;
  /** As a new process would; what the options name is its own. */
  start(options?: StartOptions): Promise<Archive>;
  /** The stream is deleted and made anew. */
  recreate(stream: number): Promise<void>;
  close(): Promise<void>;
}

/** What is expensive to start, for all tests of a file. */
export interface Servers {
  readonly pglite: Db;
  readonly postgres: Postgres;
  stop(): Promise<void>;
}

export async function startServers(): Promise<Servers> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-archive-'));
  const config = loadConfig({ db: dbConfig }, { env: { STARLING_DATA_DIR: folder }, args: [] }).db;
  const [pglite, postgres] = await Promise.all([openDb(config), Postgres.start()]);
  return {
    pglite,
    postgres,
    stop: async () => {
      await Promise.all([pglite.close(), postgres.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export const configOf = (env: Record<string, string> = {}) =>
  loadConfig({ archive: archiveConfig, owners: ownersConfig }, { env: { ...FAST, ...env }, args: [] });

let lastId = 0;

function starter(bus: Bus, log: () => Log, db: FaultyDb, records: Records): World['start'] {
  return ({ id = `archive-${++lastId}`, connection, env, ...own } = {}) => {
    const { archive: config, owners } = configOf(env);
    const shared = connection ?? { bus, log: log(), records };
    return startArchive({
      id,
      ...shared,
      db: own.db ?? db,
      records: own.records ?? shared.records,
      config,
      owners,
      logger: silentLogger,
      metrics: new MetricsRegistry(),
    });
  };
}

export class MemoryWorld implements World {
  readonly bus = new MemoryBus({});
  readonly db: FaultyDb;
  readonly start: World['start'];
  log: MemoryLog;
  readonly #real: Db;

  private constructor(real: Db) {
    this.#real = real;
    this.db = new FaultyDb(real);
    this.log = new MemoryLog(this.bus, { streams: STREAMS, acknowledge: 'when-archived' });
    this.start = starter(this.bus, () => this.log, this.db, new MemoryRecords(RECORD_BYTES_MAX));
  }

  static async open({ pglite }: Servers): Promise<MemoryWorld> {
    await pglite.query('drop schema public cascade; create schema public');
    return new MemoryWorld(pglite);
  }

  openDb(): FaultyDb {
    return new FaultyDb(this.#real);
  }

  /** The process is started again: what the log held is gone, what the archive has is not. */
  async restartLog(): Promise<void> {
    await this.log.close();
    const start = await recentLogState(this.db);
    this.log = new MemoryLog(this.bus, { streams: STREAMS, acknowledge: 'when-archived', start });
  }

  async recreate(stream: number): Promise<void> {
    this.log.recreate(stream);
  }

  async close(): Promise<void> {
    await this.log.close();
    await this.bus.close();
  }
}

/** JetStream and PostgreSQL. */
export class ClusterWorld implements World {
  readonly bus: NatsBus;
  readonly log: JetStreamLog;
  readonly db: FaultyDb;
  readonly postgres: Postgres;
  readonly start: World['start'];
  readonly #real: Db;
  readonly #close: () => Promise<void>;
  readonly #config: BusConfig;
  readonly #connections: Bus[] = [];

  private constructor(
    { bus, log, records }: { bus: NatsBus; log: JetStreamLog; records: Records },
    config: BusConfig,
    postgres: Postgres,
    real: Db,
    close: () => Promise<void>,
  ) {
    this.bus = bus;
    this.log = log;
    this.postgres = postgres;
    this.#real = real;
    this.#close = close;
    this.db = new FaultyDb(real);
    this.start = starter(bus, () => log, this.db, records);
    this.#config = config;
  }

  static async open({ postgres }: Servers): Promise<ClusterWorld> {
    const nats = await startNatsServer();
    const env = { STARLING_NATS_URL: nats.url, STARLING_LOG_STREAMS: String(STREAMS), STARLING_LOG_MAX_BYTES: '64MiB' };
    const config = loadConfig({ bus: busConfig }, { env, args: [] }).bus;
    const bus = await openBus(config);
    const log = await openLog(config, bus);
    const records = await openRecords(config, bus);
    if (!(bus instanceof NatsBus && log instanceof JetStreamLog)) throw new Error('not on NATS');
    const dbEnv = {
      STARLING_DATABASE_URL: postgres.url(await postgres.createDatabase()),
      STARLING_DATABASE_CONNECT_TIMEOUT: '1s',
    };
    const real = await openDb(loadConfig({ db: dbConfig }, { env: dbEnv, args: [] }).db);
    return new ClusterWorld({ bus, log, records }, config, postgres, real, async () => {
      await log.close();
      await records.close();
      await bus.close();
      await real.close();
      await nats.remove();
    });
  }

  openDb(): FaultyDb {
    return new FaultyDb(this.#real);
  }

  async connect(): Promise<Connection> {
    const bus = await openBus(this.#config);
    const log = await openLog(this.#config, bus);
    const records = await openRecords(this.#config, bus);
    this.#connections.push(bus);
    return { bus, log, records, cut: () => bus.close() };
  }

  async recreate(stream: number): Promise<void> {
    const name = streamName(stream);
    const info = await this.#api(`STREAM.INFO.${name}`, '');
    await this.#api(`STREAM.DELETE.${name}`, '');
    await this.#api(`STREAM.CREATE.${name}`, JSON.stringify(info.config));
  }

  async #api(subject: string, body: string): Promise<{ config?: unknown }> {
    const reply = await this.bus.request(`$JS.API.${subject}`, Buffer.from(body), 5_000);
    const parsed = JSON.parse(Buffer.from(reply).toString()) as { config?: unknown; error?: { description: string } };
    if (parsed.error) throw new Error(parsed.error.description);
    return parsed;
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((bus) => bus.close()));
    await this.#close();
  }
}
