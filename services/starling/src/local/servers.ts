// NATS and PostgreSQL of a cluster on this machine: those that are configured, else started here, with their data in the data folder.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  findNatsServer,
  findPostgres,
  type NatsServer,
  NatsServerError,
  type OrphanGuard,
  Postgres,
  PostgresError,
  startNatsCluster,
} from '@starling/local-servers';
import type { Lifecycle, Logger } from '@starling/runtime';
import type { LocalConfig } from '../config.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import type { ReadyProcess } from '../host.ts';

const RESTART_DELAY_MS = 1_000;
const STOP_TIMEOUT_MS = 15_000;
/** For whoever looks with psql, and for PostgreSQL's own. */
const CONNECTIONS_BESIDES = 20;
/** A cluster of NATS servers needs 2.11: before it, Raft could lose what was acknowledged. */
const VERSION_ALONE: readonly [number, number] = [2, 9];
const VERSION_CLUSTER: readonly [number, number] = [2, 11];

export interface ServersOptions {
  readonly dataDir: string;
  readonly local: LocalConfig;
  readonly guard: OrphanGuard;
  readonly use: Lifecycle['use'];
  readonly log: Logger;
  readonly restart: boolean;
  /** That PostgreSQL has to take. */
  readonly connections: number;
}

/** Where a server is, and its processes, none when it is not ours. */
export interface StartedServer {
  readonly url: string;
  readonly processes: readonly ReadyProcess[];
}

/** @throws CommandError when there is no nats-server that fits, or the folder was made by another number of them */
export async function startNats(count: number, options: ServersOptions): Promise<StartedServer> {
  const folder = join(options.dataDir, 'nats');
  const before = foldersIn(folder);
  if (before > 0 && before !== count)
    throw new CommandError(EXIT.config, `${folder} holds the data of ${before} NATS servers: use --nats ${before}`);
  const version = count > 1 ? VERSION_CLUSTER : VERSION_ALONE;
  const { natsServer } = options.local;
  const binary = findNatsServer(version, natsServer === '' ? undefined : natsServer);
  if (!binary) throw new CommandError(EXIT.unavailable, noServer(`nats-server ${version.join('.')}`, 'NATS_SERVER'));
  const starting = startNatsCluster(count, { binary, folder, guard: options.guard });
  const servers = await options.use('nats', explained(starting, NatsServerError), stopAll, {
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  for (const server of servers) keepRunning(server.name, server, () => server.restart(count), options);
  return {
    url: servers.map(({ url }) => url).join(','),
    processes: servers.map(({ name, pid = 0, port }) => ({ service: 'nats', id: name, pid, port })),
  };
}

/** @throws CommandError when there is none, or it does not start */
export async function startPostgres(options: ServersOptions): Promise<StartedServer> {
  const { postgresBin } = options.local;
  const bin = await findPostgres(postgresBin === '' ? undefined : postgresBin);
  if (!bin) throw new CommandError(EXIT.unavailable, noServer('PostgreSQL 15', 'POSTGRES_BIN'));
  const starting = Postgres.start({
    bin,
    folder: join(options.dataDir, 'postgres'),
    fsync: true,
    settings: [`max_connections=${options.connections + CONNECTIONS_BESIDES}`],
    guard: options.guard,
  });
  const server = await options.use('postgres', explained(starting, PostgresError), (p) => p.stop(), {
    stopTimeoutMs: STOP_TIMEOUT_MS,
  });
  keepRunning('postgres', server, () => server.startAgain(), options);
  const { pid = 0, port } = server;
  return { url: server.url(), processes: [{ service: 'postgres', id: 'postgres-1', pid, port }] };
}

const noServer = (what: string, key: string) =>
  `no ${what} or later found: install it, or set STARLING_${key} (--${key.toLowerCase().replace('_', '-')})`;

const stopAll = async (servers: readonly NatsServer[]): Promise<void> => {
  await Promise.all(servers.map((server) => server.stop()));
};

function foldersIn(folder: string): number {
  try {
    return readdirSync(folder).length;
  } catch {
    // Policy: not there yet.
    return 0;
  }
}

async function explained<T>(starting: Promise<T>, expected: new (message: string) => Error): Promise<T> {
  try {
    return await starting;
  } catch (cause) {
    if (!(cause instanceof expected)) throw cause;
    throw new CommandError(EXIT.unavailable, cause.message, { cause });
  }
}

type Mortal = Pick<NatsServer, 'onExit' | 'pid'> | Pick<Postgres, 'onExit' | 'pid'>;

/** Tells of its death and, when that is wanted, starts it again. */
function keepRunning(id: string, server: Mortal, start: () => Promise<void>, { log, restart }: ServersOptions): void {
  server.onExit(({ code, signal }) => {
    log.error({ what: 'process_exited', process: id, code, signal });
    if (!restart) return;
    setTimeout(() => {
      start().then(
        () => log.info({ what: 'process_restarted', process: id, pid: server.pid }),
        (err) => log.error({ what: 'process_restart_failed', process: id, err }),
      );
    }, RESTART_DELAY_MS).unref();
  });
}
