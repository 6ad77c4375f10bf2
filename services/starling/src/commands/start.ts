import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { answerReports } from '@starling/bus';
import { accountsOnBus } from '../accounts.ts';
import { mountAccounts } from '../admin-accounts.ts';
import { describeReady } from '../describe.ts';
import { startEmbedded } from '../embedded.ts';
import { type HostContext, type ReadyLine, runHost } from '../host.ts';
import { mountOperations } from '../operations/admin-operations.ts';
import { operationsOnBus } from '../operations/operations-on-bus.ts';
import { clientPorts } from '../ports.ts';
import { writeRunningFile } from '../running-file.ts';
import { type EmbeddedSpecs, embeddedSpecs } from '../specs.ts';
import { mountSystem } from '../system.ts';

const ID_BYTES = 4;

/** `starling start`: everything in this process, until a signal. Resolves with the exit code. @throws ConfigError */
export function start(args: readonly string[], jsonReady: boolean): Promise<number> {
  return runHost({
    name: 'start',
    specs: embeddedSpecs,
    args,
    jsonReady,
    ports: ({ edge }) => clientPorts(edge),
    describe: (ready, { edge }) => describeReady(ready, 'start', edge.page === 'on'),
    start: startHere,
  });
}

async function startHere(context: HostContext<EmbeddedSpecs>): Promise<ReadyLine> {
  const { config, use, log, metrics, health, admin, adminAccess, fail } = context;
  const { domain } = config.edge;
  const { id } = config.runtime;
  const edgeId = id || newId('edge', config.bus.natsUrl);
  const presenceId = id || newId('presence', config.bus.natsUrl);
  const ids = { edgeId, presenceId };
  const { bus, edge } = await startEmbedded({ ...ids, config, use, logger: log, metrics, onFailure: fail });
  mountAccounts(admin, accountsOnBus(bus, domain, config.bus.logStreams));
  mountSystem(admin, bus, config.bus.logStreams);
  const service = 'edge presence roster archive';
  const reports = answerReports(bus, { id: edgeId, service, metrics, health, log });
  await use('reports', reports, (r) => r.unsubscribe());
  const stopWatches = mountOperations(admin, operationsOnBus(bus, domain, config.bus.logStreams));
  await use('watches', stopWatches, (stop) => stop());

  const dataDir = resolve(config.edge.dataDir);
  const file = { mode: 'embedded', domain } as const;
  writeRunningFile(dataDir, { ...file, running: adminAccess });
  await use('running-file', undefined, () => writeRunningFile(dataDir, file));

  const { pid } = process;
  const shared = { pid, admin: admin.port };
  return {
    ready: true,
    domain,
    dataDir,
    endpoints: { ...edge.endpoints, admin: admin.port },
    processes: [
      { service: 'edge', id: edgeId, ...shared, ...edge.endpoints },
      { service: 'presence', id: presenceId, ...shared },
      { service: 'roster', id: 'roster-1', ...shared },
      { service: 'archive', id: 'archive-1', ...shared },
    ],
  };
}

/** Alone in its process it is the first one; on a NATS there may be others. */
const newId = (service: string, natsUrl: string) =>
  `${service}-${natsUrl === '' ? '1' : randomBytes(ID_BYTES).toString('hex')}`;
