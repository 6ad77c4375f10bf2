import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '@starling/testkit';
import { connectDb, countRows, entriesWritten, postgresVersion } from '../stored.ts';
import type { Load, Pairs } from './load.ts';
import { cpuOfMachine, cpuOfProcess, cpuOfTree } from './process-cpu.ts';
import { type LoadResult, round } from './results.ts';

const ROWS_A_MESSAGE = 2;
const WRITE_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** CPU from the first message until the last one is delivered and, when it is archived, in the database. */
export async function measure(
  world: World,
  pairs: Pairs,
  load: Load,
  seconds: number,
  storedBefore: number,
): Promise<LoadResult> {
  const [before, machineBefore, startedMs] = [cpuOfParts(world), cpuOfMachine(), performance.now()];
  const run = await pairs.run(load, seconds);
  await untilWritten(world, storedBefore + (load === 'archived' ? run.delivered : 0));
  const [after, machineAfter, tookUs] = [cpuOfParts(world), cpuOfMachine(), (performance.now() - startedMs) * 1_000];
  const used = Object.fromEntries(Object.entries(after).map(([part, cpu]) => [part, cpu - (before[part] ?? 0)]));
  const ours = Object.values(used).reduce((sum, cpu) => sum + cpu, 0);
  return {
    load,
    delivered: run.delivered,
    perSecond: Math.round(run.delivered / run.seconds),
    cpuPerMessage: Object.fromEntries(Object.entries(used).map(([part, cpu]) => [part, round(cpu / run.delivered, 1)])),
    generatorShare: round((used.generator ?? 0) / tookUs, 2),
    othersShare: round(Math.max(0, machineAfter - machineBefore - ours) / (tookUs * cpus().length), 2),
  };
}

/** CPU of each part so far, in µs: PostgreSQL with its children, the others alone. */
function cpuOfParts(world: World): Record<string, number> {
  const parts: Record<string, number> = { generator: cpuOfProcess(process.pid) };
  for (const { service, pid } of world.ready.processes) {
    parts[service] = (parts[service] ?? 0) + (service === 'postgres' ? cpuOfTree(pid) : cpuOfProcess(pid));
  }
  return parts;
}

/** Waits until the archive says that it has written all rows of so many messages. @throws Error after a while */
export async function untilWritten(world: World, messages: number): Promise<void> {
  const deadlineMs = performance.now() + WRITE_TIMEOUT_MS;
  for (;;) {
    const written = await entriesWritten(world);
    if (written === messages * ROWS_A_MESSAGE) return;
    if (performance.now() > deadlineMs)
      throw new Error(`${messages} messages are ${messages * ROWS_A_MESSAGE} rows, but ${written} were written`);
    await sleep(POLL_MS);
  }
}

/** Returns the version of the database. @throws Error when it has another number of rows */
export async function requireRows(world: World, messages: number): Promise<string> {
  const db = await connectDb(world);
  try {
    const rows = await countRows(db);
    if (rows !== messages * ROWS_A_MESSAGE) throw new Error(`${messages} messages, but ${rows} rows`);
    return await postgresVersion(db);
  } finally {
    await db.close();
  }
}
