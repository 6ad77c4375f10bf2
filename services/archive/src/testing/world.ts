import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Bus,
  busConfig,
  JetStreamLog,
  type Log,
  MemoryBus,
  MemoryLog,
  NatsBus,
  openBus,
  openLog,
} from '@starling/bus';
import { streamName } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import { startNatsServer } from '@starling/local-servers/nats-server';
import { Postgres } from '@starling/local-servers/postgres';
import { loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { type Archive, startArchive } from '../archive.ts';
import { archiveConfig } from '../config.ts';
import { recentLogState } from '../recent-log-state.ts';
import { FaultyDb } from './faulty-db.ts';

export const STREAMS = 2;
const FAST = {
  STARLING_ARCHIVE_LINGER: '10ms',
  STARLING_DIGEST_INTERVAL: '50ms',
  STARLING_ARCHIVE_LEASE: '1s',
};

/** Log, bus and database of one test. */
export interface World {
  readonly bus: Bus;
  readonly log: Log;
  readonly db: FaultyDb;
  /** A connection of one's own to the same database: another process's. */
  openDb(): FaultyDb;
  /** As a new process would; `db` is its own. */
  start(options?: { db?: Db; env?: Record<string, string> }): Promise<Archive>;
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
  loadConfig({ archive: archiveConfig }, { env: { ...FAST, ...env }, args: [] }).archive;

function starter(bus: Bus, log: () => Log, db: FaultyDb): World['start'] {
  return (options = {}) =>
    startArchive({
      bus,
      log: log(),
      db: options.db ?? db,
      config: configOf(options.env),
      logger: silentLogger,
      metrics: new MetricsRegistry(),
    });
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
    this.start = starter(this.bus, () => this.log, this.db);
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

  private constructor(bus: NatsBus, log: JetStreamLog, postgres: Postgres, real: Db, close: () => Promise<void>) {
    this.bus = bus;
    this.log = log;
    this.postgres = postgres;
    this.#real = real;
    this.#close = close;
    this.db = new FaultyDb(real);
    this.start = starter(bus, () => log, this.db);
  }

  static async open({ postgres }: Servers): Promise<ClusterWorld> {
    const nats = await startNatsServer();
    const env = { STARLING_NATS_URL: nats.url, STARLING_LOG_STREAMS: String(STREAMS), STARLING_LOG_MAX_BYTES: '64MiB' };
    const config = loadConfig({ bus: busConfig }, { env, args: [] }).bus;
    const bus = await openBus(config);
    const log = await openLog(config, bus);
    if (!(bus instanceof NatsBus && log instanceof JetStreamLog)) throw new Error('not on NATS');
    const dbEnv = {
      STARLING_DATABASE_URL: postgres.url(await postgres.createDatabase()),
      STARLING_DATABASE_CONNECT_TIMEOUT: '1s',
    };
    const real = await openDb(loadConfig({ db: dbConfig }, { env: dbEnv, args: [] }).db);
    return new ClusterWorld(bus, log, postgres, real, async () => {
      await log.close();
      await bus.close();
      await real.close();
      await nats.remove();
    });
  }

  openDb(): FaultyDb {
    return new FaultyDb(this.#real);
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

  close(): Promise<void> {
    return this.#close();
  }
}
