import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OrphanGuard } from '@starling/local-servers';
import type { Lifecycle, Logger, Secret } from '@starling/runtime';
import { localConfig } from '../config.ts';
import type { ReadyProcess } from '../host.ts';
import { setKey } from './environment.ts';
import { ServiceProcess } from './service-process.ts';

const STOP_TIMEOUT_MS = 20_000;

export interface ServicesOptions {
  readonly counts: {
    readonly edges: number;
    readonly presence: number;
    readonly roster: number;
    readonly archive: number;
  };
  /** What all of them get, of environmentForChildren. */
  readonly env: NodeJS.ProcessEnv;
  readonly natsUrl: string;
  readonly databaseUrl: string;
  readonly archiveIdSecret: Secret;
  readonly dataDir: string;
  readonly guard: OrphanGuard;
  readonly use: Lifecycle['use'];
  readonly log: Logger;
  readonly restart: boolean;
}

export interface Services {
  readonly edges: readonly ServiceProcess[];
  readonly others: readonly ServiceProcess[];
  readonly ready: readonly ReadyProcess[];
}

/** Starts the service processes of a cluster; when it resolves, all of them serve. @throws ChildError */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { counts, use } = options;
  const others: ServiceProcess[] = [];
  const edges: ServiceProcess[] = [];
  // Edges are stopped before those whom they ask.
  await use('services', others, stopAll, { stopTimeoutMs: STOP_TIMEOUT_MS });
  await use('edges', edges, stopAll, { stopTimeoutMs: STOP_TIMEOUT_MS });

  const launch = async (list: ServiceProcess[], service: 'archive' | 'edge' | 'presence' | 'roster', n: number) => {
    const env = environments[service](options);
    const { guard, log, restart } = options;
    const id = `${service}-${n}`;
    const process = await ServiceProcess.start({
      service,
      id,
      env,
      guard,
      log,
      restart,
      logFolder: logFolderOf(options),
    });
    list.push(process);
    return process.ready();
  };
  const waiting: Promise<ReadyProcess>[] = [];
  for (let n = 1; n <= counts.archive; n++) waiting.push(launch(others, 'archive', n));
  for (let n = 1; n <= counts.roster; n++) waiting.push(launch(others, 'roster', n));
  for (let n = 1; n <= counts.presence; n++) waiting.push(launch(others, 'presence', n));
  const first = launch(edges, 'edge', 1);
  // Edges that find no certificate each make one: the first makes it for all.
  if (!existsSync(join(options.dataDir, 'tls'))) await Promise.all([first, ...waiting]);
  const furtherEdges: Promise<ReadyProcess>[] = [];
  for (let n = 2; n <= counts.edges; n++) furtherEdges.push(launch(edges, 'edge', n));
  return { edges, others, ready: await Promise.all([first, ...furtherEdges, ...waiting]) };
}

const stopAll = async (processes: readonly ServiceProcess[]): Promise<void> => {
  await Promise.all(processes.map((process) => process.stop()));
};

export const logFolderOf = ({ dataDir }: { readonly dataDir: string }): string => join(dataDir, 'logs');

function commonEnvironment({ env: given, dataDir, natsUrl }: ServicesOptions): NodeJS.ProcessEnv {
  const env = { ...given };
  for (const field of Object.values(localConfig.fields)) setKey(env, field.env, undefined);
  setKey(env, 'STARLING_DATA_DIR', dataDir);
  setKey(env, 'STARLING_NATS_URL', natsUrl);
  setKey(env, 'STARLING_ADMIN_HOST', undefined);
  setKey(env, 'STARLING_ADMIN_PORT', '0');
  return env;
}

function databaseEnvironment(options: ServicesOptions): NodeJS.ProcessEnv {
  const env = commonEnvironment(options);
  setKey(env, 'STARLING_DATABASE_URL', options.databaseUrl);
  return env;
}

/** An edge has no database connection, ever, and neither has presence. */
function plainEnvironment(options: ServicesOptions): NodeJS.ProcessEnv {
  const env = commonEnvironment(options);
  setKey(env, 'STARLING_DATABASE_URL', undefined);
  return env;
}

/** Clients come through the balancer. */
function edgeEnvironment(options: ServicesOptions): NodeJS.ProcessEnv {
  const env = plainEnvironment(options);
  setKey(env, 'STARLING_HOST', '127.0.0.1');
  setKey(env, 'STARLING_ARCHIVE_ID_SECRET', options.archiveIdSecret.reveal());
  for (const port of ['C2S', 'C2S_TLS', 'HTTP']) setKey(env, `STARLING_${port}_PORT`, '0');
  return env;
}

const environments = {
  archive: databaseEnvironment,
  edge: edgeEnvironment,
  presence: plainEnvironment,
  roster: databaseEnvironment,
} as const;
