import { busConfig } from '@starling/bus';
import { edgeConfig } from '@starling/edge';
import { configSpec, loadConfig } from '@starling/runtime';
import { CommandError, EXIT } from '../exit-codes.ts';
import { openBusOrExplain } from '../open-bus.ts';
import { isAnswering, readRunningFile, USUAL_FOLDERS } from '../running-file.ts';
import { clusterSpecs } from '../specs.ts';
import type { Operations } from './operations.ts';
import { operationsOfRunning } from './operations-of-running.ts';
import { operationsOnBus } from './operations-on-bus.ts';

/** A command does not wait for a server as long as a service does. */
const CONNECT_TIMEOUT_MS = 5_000;

const { domain, dataDir } = edgeConfig.fields;
/** What these commands read: where NATS is, and who they are there. */
export const operatorSpecs = { bus: busConfig, edge: configSpec({ domain, dataDir }) };

/**
 * Lets `work` operate a running system: over NATS where STARLING_NATS_URL says so, as a cluster of any size is operated (role `operator` of
 * infra/nats); else the one that runs in a data folder on this machine, over its administration.
 * @param given a data folder: that one, whatever else is configured
 * @throws ConfigError, CommandError when nothing runs there
 */
export async function withOperations<T>(
  given: string | undefined,
  work: (operations: Operations) => Promise<T>,
): Promise<T> {
  const { bus, edge } = loadConfig(operatorSpecs, { env: process.env, args: [], known: Object.values(clusterSpecs) });
  if (given === undefined && bus.natsUrl !== '') {
    const soon = { ...bus, natsConnectTimeoutMs: Math.min(bus.natsConnectTimeoutMs, CONNECT_TIMEOUT_MS) };
    const opened = await openBusOrExplain(soon, { name: 'operator' });
    try {
      return await work(operationsOnBus(opened, edge.domain, bus.logStreams));
    } finally {
      await opened.close();
    }
  }
  const folder = given ?? process.env.STARLING_DATA_DIR;
  const folders = folder ? [folder] : USUAL_FOLDERS;
  for (const file of folders.map(readRunningFile)) {
    if (!file?.running || !(await isAnswering(file))) continue;
    return work(await operationsOfRunning(file.running, file.domain));
  }
  const where = `in ${folders.join(', ')}`;
  throw new CommandError(
    EXIT.unavailable,
    `nothing runs ${where}: name the folder (--data-dir), or set STARLING_NATS_URL`,
  );
}
