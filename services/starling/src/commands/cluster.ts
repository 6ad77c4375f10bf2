import { resolve } from 'node:path';
import { OrphanGuard } from '@starling/local-servers';
import type { Specs } from '@starling/runtime';
import { accountsOnBus } from '../accounts.ts';
import { mountAccounts } from '../admin-accounts.ts';
import { archiveIdSecretOf } from '../archive-id-secret.ts';
import { describeReady } from '../describe.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { type HostContext, type ReadyLine, runHost } from '../host.ts';
import { environmentForChildren } from '../local/environment.ts';
import { type ServersOptions, startNats, startPostgres } from '../local/servers.ts';
import type { ServiceProcess } from '../local/service-process.ts';
import { type Services, startServices } from '../local/services.ts';
import { openBusOrExplain } from '../open-bus.ts';
import { mountOperations } from '../operations/admin-operations.ts';
import { operationsOnBus } from '../operations/operations-on-bus.ts';
import { clientPorts } from '../ports.ts';
import type { ClusterOptions } from '../program.ts';
import { startRoundRobin } from '../round-robin.ts';
import { isAnswering, readRunningFile, writeRunningFile } from '../running-file.ts';
import { clusterSpecs, withDefaults } from '../specs.ts';
import { mountSystem } from '../system.ts';

type Context = HostContext<typeof clusterSpecs>;
/** Keys whose default here is not that of the services. */
const OWN_DEFAULTS = ['STARLING_REGISTRATION', 'STARLING_LOG_REPLICAS'];

/** `starling cluster`: every process on this machine, until a signal. Resolves with the exit code. @throws ConfigError */
export function cluster(args: readonly string[], options: ClusterOptions): Promise<number> {
  // Who starts three servers wants to lose one.
  const specs = withDefaults(clusterSpecs, { STARLING_LOG_REPLICAS: String(options.nats) });
  return runHost({
    name: 'cluster',
    specs,
    args,
    jsonReady: options.jsonReady,
    ports: ({ edge }) => clientPorts(edge),
    describe: (ready, { edge }) => describeReady(ready, 'cluster', edge.page === 'on'),
    start: (context) => startHere(context, options, specs),
  });
}

async function startHere(context: Context, options: ClusterOptions, specs: Specs): Promise<ReadyLine> {
  const { config, sources, use, log, metrics, health, admin, adminAccess } = context;
  const dataDir = resolve(config.edge.dataDir);
  const { domain } = config.edge;
  await requireStopped(dataDir);

  const guard = await use('guard', OrphanGuard.start(), (g) => g.stop());
  const connections = (options.roster + options.archive) * config.db.poolSize;
  const shared: ServersOptions = {
    dataDir,
    local: config.local,
    guard,
    use,
    log,
    restart: options.restart,
    connections,
  };
  const [nats, postgres] = await Promise.all([
    config.bus.natsUrl === '' ? startNats(options.nats, shared) : { url: config.bus.natsUrl, processes: [] },
    config.db.url.isEmpty ? startPostgres(shared) : { url: config.db.url.reveal(), processes: [] },
  ]);
  const services = await startServices({
    ...shared,
    counts: options,
    env: environmentForChildren(specs, sources, OWN_DEFAULTS),
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    archiveIdSecret: archiveIdSecretOf(config.edge),
  });
  health.ready('processes', () => whoIsMissing(services));
  const endpoints = await startBalancers(context, services.edges);

  const busConfig = { ...config.bus, natsUrl: nats.url };
  const bus = await use('bus', openBusOrExplain(busConfig, { log, metrics, name: 'cluster' }), (b) => b.close());
  mountAccounts(admin, accountsOnBus(bus, domain, config.bus.logStreams));
  mountSystem(admin, bus, config.bus.logStreams);
  const stopWatches = mountOperations(admin, operationsOnBus(bus, domain, config.bus.logStreams));
  await use('watches', stopWatches, (stop) => stop());
  const file = { mode: 'cluster', domain } as const;
  writeRunningFile(dataDir, { ...file, running: adminAccess });
  await use('running-file', undefined, () => writeRunningFile(dataDir, file));
  return {
    ready: true,
    domain,
    dataDir,
    endpoints: { ...endpoints, admin: admin.port },
    processes: [...services.ready, ...nats.processes, ...postgres.processes],
  };
}

/** @throws CommandError when another one runs on these data */
async function requireStopped(dataDir: string): Promise<void> {
  const file = readRunningFile(dataDir);
  if (!file || !(await isAnswering(file))) return;
  const what = `${dataDir} is in use by process ${file.running?.pid}`;
  throw new CommandError(EXIT.unavailable, `${what}: stop that one, or set STARLING_DATA_DIR (--data-dir)`);
}

/** A process that is gone and not back: the cluster goes on, but somebody should look. */
function whoIsMissing({ edges, others }: Services): boolean | string {
  const missing = [...edges, ...others].filter((p) => !p.isRunning).map((p) => p.id);
  return missing.length === 0 || `${missing.join(', ')} not running`;
}

/** One port for each way in, on which the edges take turns. */
async function startBalancers(
  { config, use }: Context,
  edges: readonly ServiceProcess[],
): Promise<{ c2s: number; c2sTls: number; http: number }> {
  const { host, c2sPort, c2sTlsPort, httpPort, connectionsMax } = config.edge;
  const open = async (name: 'c2s' | 'c2sTls' | 'http', port: number) => {
    const targets = () => edges.filter((e) => e.isRunning).map((e) => e.port(name));
    const opening = startRoundRobin({ host, port, targets, connectionsMax });
    return (await use(`${name} balancer`, opening, (b) => b.stop())).port;
  };
  return {
    c2s: await open('c2s', c2sPort),
    c2sTls: await open('c2sTls', c2sTlsPort),
    http: await open('http', httpPort),
  };
}
