import { resolve } from 'node:path';
import { type ConfigSources, Lifecycle, loadConfig, MetricsRegistry, silentLogger } from '@starling/runtime';
import { type Accounts, accountsOnBus } from './accounts.ts';
import { accountsOfRunning } from './admin-client.ts';
import { openServices } from './embedded.ts';
import { CommandError, EXIT } from './exit-codes.ts';
import { openBusOrExplain } from './open-bus.ts';
import { isAnswering, type RunningFile, readRunningFile, USUAL_FOLDERS } from './running-file.ts';
import { embeddedSpecs, ownSources } from './specs.ts';
import { type System, systemOfRunning, systemOnBus } from './system.ts';

export interface FoundAccounts {
  readonly accounts: Accounts;
  /** All that commands ask beside accounts. @throws CommandError when it does not answer */
  readonly system: () => Promise<System>;
  readonly domain: string;
}

/**
 * Lets `work` use the accounts of the system in a data folder: of the running one, else of a stopped embedded one, which is opened for it
 * without listeners and closed again when what `work` did is durable. Where no system has ever run, and STARLING_NATS_URL names servers,
 * those of the services there: so it works in a container of the cluster.
 * @param dataDir undefined or '' = the usual folders, a running system first
 * @throws CommandError when a cluster is stopped; DbLockedError when the embedded one is starting or stopping
 */
export async function withAccounts<T>(
  dataDir: string | undefined,
  work: (found: FoundAccounts) => Promise<T>,
): Promise<T> {
  const folders = dataDir ? [dataDir] : USUAL_FOLDERS;
  const found = folders.map((folder) => ({ folder, file: readRunningFile(folder) }));
  for (const { file } of found) {
    const running = file?.running;
    if (!running || !(await isAnswering(file))) continue;
    const { domain } = file;
    return work({ accounts: accountsOfRunning(running), system: () => systemOfRunning(running, domain), domain });
  }
  const stopped = found.find(({ file }) => file) ?? found[0];
  if (stopped?.file === undefined && process.env.STARLING_NATS_URL) return withServices(work);
  return withStopped(stopped?.folder ?? '', stopped?.file, work);
}

/** The services of a cluster, asked by its bus, in the role that STARLING_NATS_USER names: an edge's may do it. */
async function withServices<T>(work: (found: FoundAccounts) => Promise<T>): Promise<T> {
  const { edge, bus: busConfig } = loadConfig(embeddedSpecs, ownSources([]));
  const { domain } = edge;
  const { logStreams } = busConfig;
  const bus = await openBusOrExplain(busConfig, { log: silentLogger, name: `command-${process.pid}` });
  try {
    const system = async () => systemOnBus(bus, domain, logStreams);
    return await work({ accounts: accountsOnBus(bus, domain, logStreams), system, domain });
  } finally {
    await bus.close();
  }
}

async function withStopped<T>(
  folder: string,
  file: RunningFile | undefined,
  work: (found: FoundAccounts) => Promise<T>,
): Promise<T> {
  if (file?.mode === 'cluster') {
    throw new CommandError(
      EXIT.unavailable,
      `the cluster of ${resolve(folder)} is not running: start it with 'starling cluster --data-dir ${folder}'`,
    );
  }
  const lifecycle = new Lifecycle();
  const use: Lifecycle['use'] = (name, thing, stop, options) => lifecycle.use(name, thing, stop, options);
  const config = loadConfig(embeddedSpecs, stoppedSources(folder, file));
  const { domain } = config.edge;
  if (file && file.domain !== domain) {
    throw new CommandError(
      EXIT.config,
      `${resolve(folder)} belongs to ${file.domain}, but STARLING_DOMAIN is ${domain}`,
    );
  }
  try {
    const options = { config, use, logger: silentLogger, metrics: new MetricsRegistry(), onFailure: () => {} };
    const { bus } = await openServices(options);
    const { logStreams } = config.bus;
    const system = async () => systemOnBus(bus, domain, logStreams);
    return await work({ accounts: accountsOnBus(bus, domain, logStreams), system, domain });
  } finally {
    await lifecycle.stop();
  }
}

/** The environment, as `starling start` would have it; the domain is the one that the folder was last started with. */
function stoppedSources(folder: string, file: RunningFile | undefined): ConfigSources {
  const domain = file ? { STARLING_DOMAIN: file.domain } : {};
  const own = ownSources([]);
  return { ...own, env: { ...domain, ...own.env, STARLING_DATA_DIR: folder } };
}
