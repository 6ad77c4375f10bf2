import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Db, dbConfig, openDb } from '@starling/db';
import { loadConfig } from '@starling/runtime';
import { type LocalSystem, OwnWorld, startCluster, startEmbedded, WEBSOCKET_PATH } from '@starling/testkit';
import { treeOf } from '../bench/process-cpu.ts';
import { currentCommit } from '../bench/results.ts';
import { natsVersion } from '../nats-binary.ts';
import { Cliques, usernameOf } from '../presence/people.ts';
import { sharedKeys } from '../presence/scram.ts';
import { seedAccount, seedPeople } from '../presence/seed-people.ts';
import { connectDb, countRows, entriesWritten, postgresVersion } from '../stored.ts';
import type { WatchedPart } from './generator/orders.ts';
import type { PeerOptions, PeerServer } from './server.ts';

const run = promisify(execFile);
const DOMAIN = 'bench.local';
const SETTINGS = { STARLING_DOMAIN: DOMAIN };

/** A cluster with one of each, on nats-server and PostgreSQL. */
export async function startStarling(options: PeerOptions): Promise<PeerServer> {
  const system = await startCluster({ edges: 1, settings: SETTINGS });
  const world = new OwnWorld('cluster-1', system);
  try {
    const postgresql = await withDb(connectDb(world), async (db) => {
      await seed(db, options);
      return postgresVersion(db);
    });
    const parts = world.ready.processes.map(({ service, pid }) => ({ label: service, pid }));
    return await serverOf(world, system, [...parts, { label: 'launcher', pid: system.pid }], options, {
      versions: { 'nats-server': natsVersion(), postgresql },
      archivedRows: () => withDb(connectDb(world), countRows),
      stop: () => world.stop(),
    });
  } catch (error) {
    // Policy: nothing of it stays behind, and the caller hears why.
    await world.stop();
    throw error;
  }
}

/** One process with everything in it: PGlite, and a log in memory. */
export async function startStarlingEmbedded(options: PeerOptions): Promise<PeerServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'starling-peers-'));
  let world: OwnWorld | undefined;
  const stop = async () => {
    await world?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    // Once to make its tables; only one process at a time has that database.
    await (await startEmbedded({ dataDir, settings: SETTINGS })).stop();
    const { db } = loadConfig({ db: dbConfig }, { env: { STARLING_DATA_DIR: dataDir }, args: [] });
    await withDb(openDb(db), (opened) => seed(opened, options));
    const system = await startEmbedded({ dataDir, settings: SETTINGS });
    const started = new OwnWorld('embedded', system);
    world = started;
    return await serverOf(started, system, [{ label: 'starling', pid: system.pid }], options, {
      versions: {},
      archivedRows: () => entriesWritten(started),
      stop,
    });
  } catch (error) {
    // Policy: as above.
    await stop();
    throw error;
  }
}

async function serverOf(
  world: OwnWorld,
  system: LocalSystem,
  parts: readonly WatchedPart[],
  { serverCores }: PeerOptions,
  rest: Pick<PeerServer, 'versions' | 'archivedRows' | 'stop'>,
): Promise<PeerServer> {
  for (const pid of treeOf(system.pid))
    await run('taskset', ['--all-tasks', '--cpu-list', '--pid', serverCores, `${pid}`]);
  return {
    version: currentCommit(),
    ports: { tcp: world.endpoint('tcp').port, ws: world.endpoint('ws').port },
    path: WEBSOCKET_PATH,
    domain: DOMAIN,
    prefix: usernameOf(0).replace(/\d+$/, ''),
    parts,
    ...rest,
  };
}

async function seed(db: Db, { accounts, contacts, keys, plainAccounts }: PeerOptions): Promise<void> {
  await seedPeople(db, new Cliques({ groups: accounts / (contacts + 1), contacts, domain: DOMAIN }), keys);
  for (let n = 1; n <= plainAccounts; n++) await seedAccount(db, `t${n}@${DOMAIN}`, sharedKeys(`pw${n}`));
}

async function withDb<T>(opening: Promise<Db>, work: (db: Db) => Promise<T>): Promise<T> {
  const db = await opening;
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}
