import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalClusterOptions, OwnWorld, startCluster } from '@starling/testkit';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** What is not kept in git: logs of failed runs, profiles. */
export const CACHE = fileURLToPath(new URL('../../.cache/', import.meta.url));

/** A cluster for as long as `work` takes; a signal stops it as well. @throws what `work`, the start or the stop throws */
export async function withWorld<T>(options: LocalClusterOptions, work: (world: OwnWorld) => Promise<T>): Promise<T> {
  let world: OwnWorld | undefined;
  let isInterrupted = false;
  const interrupt = () => {
    isInterrupted = true;
    // While it is still starting, it is stopped as soon as it has started.
    void world?.stop().finally(() => process.exit(INTERRUPTED));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    world = new OwnWorld(options.edges === 1 ? 'cluster-1' : 'cluster-3', await startCluster(options));
    if (isInterrupted) interrupt();
    return await work(world);
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    await world?.stop();
  }
}

/** Copies what all its processes have logged; returns the folder. */
export function keepLogs(world: OwnWorld, name: string): string {
  const { dataDir, processes } = world.ready;
  const folder = join(CACHE, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(dataDir, 'logs'), join(folder, 'logs'), { recursive: true });
  for (const { id } of processes.filter(({ service }) => service === 'nats'))
    writeFileSync(join(folder, `${id}.log`), readIfThere(join(dataDir, 'nats', id, 'log')));
  writeFileSync(join(folder, 'cluster.log'), world.output);
  return folder;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Policy: it has ended, or is somebody else's.
    return '';
  }
}
