// npm run bench: CPU per message of every part, for archived and for live messages, on one edge, real NATS and PostgreSQL.

import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { World } from '@starling/testkit';
import { calibrate } from './bench/calibrate.ts';
import { LOADS, type Load, Pairs } from './bench/load.ts';
import { cpuOfMachine, cpuOfProcess, cpuOfTree } from './bench/process-cpu.ts';
import { PROFILES_FOLDER, prepareProfiling, reportProfiles, startProfilers, stopProfilers } from './bench/profiling.ts';
import {
  type BenchResult,
  changeOf,
  currentCommit,
  keepFile,
  keepResult,
  type LoadResult,
  lastResult,
  resultName,
  totalOf,
} from './bench/results.ts';
import { natsVersion } from './nats-binary.ts';
import { withWorld } from './own-world.ts';
import { connectDb, countRows, entriesWritten, postgresVersion } from './stored.ts';
import { UsageError } from './usage-error.ts';

/** The generator is one thread: near a whole core it would measure itself. */
const GENERATOR_SHARE_MAX = 0.7;
const OTHERS_SHARE_DOUBTFUL = 0.1;
const ROWS_A_MESSAGE = 2;
const WRITE_TIMEOUT_MS = 30_000;
const POLL_MS = 100;

interface Options {
  readonly pairs: number;
  readonly window: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly bodyBytes: number;
}

/** Resolves with the exit code; never fails on time, only when the figures mean nothing. @throws UsageError, Error */
export async function bench(args: readonly string[]): Promise<number> {
  const { options, isProfiling, isKept } = optionsOf(args);
  const calibrationUs = calibrate();
  const at = new Date().toISOString();
  const cluster = { edges: 1, settings: isProfiling ? prepareProfiling() : {} };
  const { results, postgres } = await withWorld(cluster, (world) => measureAll(world, options, isProfiling));
  const [{ model: cpu = '' } = {}] = cpus();
  const machine = { cpu, cores: cpus().length, node: process.version, nats: natsVersion(), postgres };
  const result: BenchResult = { at, commit: currentCommit(), machine, options: { ...options }, calibrationUs, results };
  print(result, lastResult(result.options));
  // The profiler costs: such figures are not to be compared with others.
  if (isProfiling)
    console.log(
      `profiles: ${keepFile(`${resultName(result)}-profile.md`, reportProfiles(result))}, from ${PROFILES_FOLDER}`,
    );
  else if (isKept) console.log(`kept in ${keepResult(result)}`);
  const doubts = results.flatMap(doubtsAbout);
  for (const doubt of doubts) console.log(`doubtful: ${doubt}`);
  return results.some(({ generatorShare }) => generatorShare > GENERATOR_SHARE_MAX) ? 1 : 0;
}

function optionsOf(args: readonly string[]): { options: Options; isProfiling: boolean; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string', default: '50' },
      window: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '15' },
      warmup: { type: 'string', default: '6' },
      body: { type: 'string', default: '200' },
      profile: { type: 'boolean', default: false },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = {
    pairs: Number(values.pairs),
    window: Number(values.window),
    seconds: Number(values.seconds),
    warmupSeconds: Number(values.warmup),
    bodyBytes: Number(values.body),
  };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new UsageError(`${name} has to be a number above 0`);
  return { options, isProfiling: values.profile, isKept: !values['no-keep'] };
}

async function measureAll(
  world: World,
  options: Options,
  isProfiling: boolean,
): Promise<{ results: readonly LoadResult[]; postgres: string }> {
  const pairs = await Pairs.logIn(world, options);
  const results: LoadResult[] = [];
  let stored = 0;
  try {
    for (const load of Object.keys(LOADS) as Load[]) {
      const { delivered } = await pairs.run(load, options.warmupSeconds);
      if (load === 'archived') stored += delivered;
      await untilWritten(world, stored);
      if (isProfiling) startProfilers(world);
      const result = await measure(world, pairs, load, options.seconds, stored);
      if (isProfiling) await stopProfilers(world, load);
      if (load === 'archived') stored += result.delivered;
      results.push(result);
    }
    return { results, postgres: await requireRows(world, stored) };
  } finally {
    pairs.close();
  }
}

/** Waits until the archive says that it has written all rows of so many messages. @throws Error after a while */
async function untilWritten(world: World, messages: number): Promise<void> {
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
async function requireRows(world: World, messages: number): Promise<string> {
  const db = await connectDb(world);
  try {
    const rows = await countRows(db);
    if (rows !== messages * ROWS_A_MESSAGE) throw new Error(`${messages} messages, but ${rows} rows`);
    return await postgresVersion(db);
  } finally {
    await db.close();
  }
}

/** CPU from the first message until the last one is delivered and, when it is archived, in the database. */
async function measure(
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

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function doubtsAbout({ load, generatorShare, othersShare }: LoadResult): readonly string[] {
  const doubts: string[] = [];
  if (generatorShare > GENERATOR_SHARE_MAX) doubts.push(`${load}: the generator took ${generatorShare} of a core`);
  if (othersShare > OTHERS_SHARE_DOUBTFUL)
    doubts.push(`${load}: other processes took ${Math.round(othersShare * 100)} % of the machine`);
  return doubts;
}

function print({ results, calibrationUs }: BenchResult, last: BenchResult | undefined): void {
  console.log('µs of CPU for each delivered message (an archived one is two entries of two logs, and two rows)');
  console.table(
    Object.fromEntries(
      results.map((r) => [
        r.load,
        {
          'messages/s': r.perSecond,
          ...r.cpuPerMessage,
          'all but the generator': round(totalOf(r), 1),
          'of others': r.othersShare,
        },
      ]),
    ),
  );
  if (last === undefined) return;
  console.log(
    `against ${resultName(last)}, in units of the calibration loop (${calibrationUs} µs now, ${last.calibrationUs} µs then)`,
  );
  for (const result of results) {
    const before = last.results.find(({ load }) => load === result.load);
    if (before === undefined) continue;
    const change = (now: number, then: number) =>
      `${(changeOf(now, then, calibrationUs, last.calibrationUs) * 100).toFixed(0)} %`;
    const parts = Object.entries(result.cpuPerMessage)
      .filter(([part, now]) => now >= 1 && (before.cpuPerMessage[part] ?? 0) >= 1)
      .map(([part, now]) => `${part} ${change(now, before.cpuPerMessage[part] ?? 0)}`);
    console.log(`  ${result.load}: ${change(totalOf(result), totalOf(before))} (${parts.join(', ')})`);
  }
}
