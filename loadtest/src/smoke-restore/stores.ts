import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bus, busConfig, openBus } from '@starling/bus';
import { decodeEnvelope, streamName } from '@starling/contracts';
import { type Db, dbConfig, openDb } from '@starling/db';
import { ensureClusterNatsServer, type NatsServer, Postgres, startNatsCluster } from '@starling/local-servers';
import { loadConfig } from '@starling/runtime';
import { dumpDatabase, restoreDatabase } from './database-backup.ts';
import { backUpStream, restoreStream, type StreamBackup } from './stream-backup.ts';

export type NatsCount = 1 | 3;

/** JetStream and PostgreSQL, in a folder. */
export class Stores {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly #folder: string;
  readonly #servers: readonly NatsServer[];
  readonly #postgres: Postgres;

  private constructor(folder: string, servers: readonly NatsServer[], postgres: Postgres) {
    this.natsUrl = servers.map(({ url }) => url).join();
    this.databaseUrl = postgres.url();
    this.#folder = folder;
    this.#servers = servers;
    this.#postgres = postgres;
  }

  /** New ones, or those whose data the folder has. */
  static async start(folder: string, nats: NatsCount): Promise<Stores> {
    const postgres = await Postgres.start({ fsync: true, folder: join(folder, 'postgres') });
    try {
      const binary = nats === 1 ? {} : { binary: ensureClusterNatsServer() };
      return new Stores(folder, await startNatsCluster(nats, { ...binary, folder: join(folder, 'nats') }), postgres);
    } catch (error) {
      // Policy: nothing stays behind.
      await postgres.stop();
      throw error;
    }
  }

  async backUpStreams(): Promise<readonly StreamBackup[]> {
    return this.#withBus(async (bus, streams) => {
      const backups: StreamBackup[] = [];
      for (let s = 0; s < streams; s++) backups.push(await backUpStream(bus, streamName(s)));
      return backups;
    });
  }

  restoreStreams(backups: readonly StreamBackup[]): Promise<void> {
    return this.#withBus(async (bus) => {
      for (const backup of backups) await restoreStream(bus, backup);
    });
  }

  dumpDatabase(file: string): Promise<void> {
    return dumpDatabase(this.databaseUrl, file);
  }

  restoreDatabase(file: string): Promise<void> {
    return restoreDatabase(this.databaseUrl, file);
  }

  /** Numbers of the messages of each account, in the order of its log. */
  async rows(): Promise<ReadonlyMap<string, readonly number[]>> {
    const db = await this.#openDb();
    try {
      const logs = new Map<string, number[]>();
      const rows = await db.query<{ owner: string; envelope: Uint8Array }>(
        'select owner, envelope from archive order by owner, position',
      );
      for (const { owner, envelope } of rows) {
        const [, number] = /<body>(\d+)</.exec(Buffer.from(decodeEnvelope(envelope).stanza).toString()) ?? [];
        const log = logs.get(owner) ?? [];
        log.push(Number(number));
        logs.set(owner, log);
      }
      return logs;
    } finally {
      await db.close();
    }
  }

  /** Of the newest entry of an account; 0 when there is none. */
  async epochOf(owner: string): Promise<number> {
    const db = await this.#openDb();
    try {
      const [row] = await db.query<{ epoch: number }>(
        'select coalesce(max(position) >> 48, 0)::int as epoch from archive where owner = $1',
        [owner],
      );
      return row?.epoch ?? 0;
    } finally {
      await db.close();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.map((server) => server.stop()), this.#postgres.stop()]);
  }

  async destroy(): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #withBus<T>(work: (bus: Bus, streams: number) => Promise<T>): Promise<T> {
    const config = loadConfig({ bus: busConfig }, { env: { STARLING_NATS_URL: this.natsUrl }, args: [] }).bus;
    const bus = await openBus(config, { name: 'backup' });
    try {
      return await work(bus, config.logStreams);
    } finally {
      await bus.close();
    }
  }

  #openDb(): Promise<Db> {
    const env = { STARLING_DATABASE_URL: this.databaseUrl, STARLING_DATABASE_POOL: '1' };
    return openDb(loadConfig({ db: dbConfig }, { env, args: [] }).db);
  }
}

/** The data of stopped servers, with owners and modes. */
export async function copyStores(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}

/** A folder for as long as `work` takes. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'starling-backup-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
