import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { OwnWorld, startCluster } from '@starling/testkit';
import { treeOf } from '../bench/process-cpu.ts';
import { currentCommit } from '../bench/results.ts';
import { Cliques } from '../presence/people.ts';
import { sharedKeys } from '../presence/scram.ts';
import { seedPeople } from '../presence/seed-people.ts';
import { connectDb, countRows } from '../stored.ts';
import type { PeerOptions, PeerServer } from './server.ts';

const run = promisify(execFile);
const DOMAIN = 'bench.local';

/** A cluster with one of each. */
export async function startStarling({ accounts, contacts, password, serverCores }: PeerOptions): Promise<PeerServer> {
  const world = new OwnWorld('cluster-1', await startCluster({ edges: 1, settings: { STARLING_DOMAIN: DOMAIN } }));
  try {
    const db = await connectDb(world);
    try {
      const people = new Cliques({ groups: accounts / (contacts + 1), contacts, domain: DOMAIN });
      await seedPeople(db, people, sharedKeys(password));
    } finally {
      await db.close();
    }
    for (const { pid } of world.ready.processes)
      for (const below of treeOf(pid))
        await run('taskset', ['--all-tasks', '--cpu-list', '--pid', serverCores, `${below}`]);
    return {
      name: 'Starling',
      version: currentCommit(),
      port: world.endpoint('tcp').port,
      domain: DOMAIN,
      scramDomain: DOMAIN,
      prefix: 'p',
      parts: world.ready.processes.map(({ service, pid }) => ({ label: service, pid, isTree: service === 'postgres' })),
      hasContacts: true,
      archivedRows: async () => {
        const stored = await connectDb(world);
        try {
          return await countRows(stored);
        } finally {
          await stored.close();
        }
      },
      stop: () => world.stop(),
    };
  } catch (error) {
    await world.stop();
    throw error;
  }
}
