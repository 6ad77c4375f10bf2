// npm run bench:presence: CPU of every part for each delivered presence and for each login, on one edge, real NATS and PostgreSQL.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { World } from '@starling/testkit';
import { calibrate } from './bench/calibrate.ts';
import { measure, resultOf } from './bench/measure.ts';
import { PresenceLoad } from './bench/presence-load.ts';
import { doubtsAbout, isGeneratorTooBusy, print, printComparison } from './bench/print.ts';
import { keepProfiles, prepareProfiling, startProfilers, stopProfilers } from './bench/profiling.ts';
import { type BenchResult, currentCommit, keepResult, type LoadResult, lastResult } from './bench/results.ts';
import { natsVersion } from './nats-binary.ts';
import { withWorld } from './own-world.ts';
import { Cliques } from './presence/people.ts';
import { sharedKeys } from './presence/scram.ts';
import { seedPeople } from './presence/seed-people.ts';
import { connectDb, postgresVersion } from './stored.ts';
import { UsageError } from './usage-error.ts';

interface Options {
  readonly groups: number;
  readonly contacts: number;
  /** Sends a second, at the slower of the two loads. */
  readonly rate: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** How often everybody logs in; the first time is not measured. */
  readonly rounds: number;
}

const PASSWORD = 'bench';
/** Everybody is there and says nothing; only profiled, as there is nothing to divide its cost by. */
const IDLE_LOAD = 'idle';
/** Until what the load before has left is done. */
const SETTLE_MS = 2_000;

/** Resolves with the exit code; never fails on time, only when the figures mean nothing. @throws UsageError, Error */
export async function benchPresence(args: readonly string[]): Promise<number> {
  const { options, isProfiling, isKept } = optionsOf(args);
  const calibrationBefore = calibrate();
  const at = new Date().toISOString();
  const { results, postgres } = await withWorld(
    { edges: 1, settings: isProfiling ? prepareProfiling() : {} },
    (world) => measureAll(world, options, isProfiling),
  );
  const calibrationUs = (calibrationBefore + calibrate()) / 2;
  const [{ model: cpu = '' } = {}] = cpus();
  const machine = { cpu, cores: cpus().length, node: process.version, nats: natsVersion(), postgres };
  const doubts = results.flatMap(doubtsAbout);
  const commit = currentCommit();
  const result: BenchResult = { at, commit, machine, options: { ...options }, calibrationUs, results, doubts };
  const of = `presence: each goes to ${options.contacts} contacts and to oneself; login: with ${options.contacts} contacts, most of them online`;
  print(result, `µs of CPU for each delivered presence and each login (${of})`);
  // The profiler costs: such figures are neither compared with others nor kept.
  if (isProfiling) {
    const loads = [...results.map(({ load }) => load), IDLE_LOAD];
    console.log(`profiles: ${keepProfiles(result, { kind: 'presence-profile', loads, isKept })}`);
  } else printComparison(result, lastResult(result, 'presence'));
  if (isKept && !isProfiling) console.log(`kept in ${keepResult(result, 'presence')}`);
  return results.some(isGeneratorTooBusy) ? 1 : 0;
}

function optionsOf(args: readonly string[]): { options: Options; isProfiling: boolean; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      groups: { type: 'string', default: '4' },
      contacts: { type: 'string', default: '50' },
      rate: { type: 'string', default: '50' },
      seconds: { type: 'string', default: '10' },
      warmup: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '4' },
      profile: { type: 'boolean', default: false },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const options = {
    groups: Number(values.groups),
    contacts: Number(values.contacts),
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    warmupSeconds: Number(values.warmup),
    rounds: Number(values.rounds),
  };
  for (const [name, value] of Object.entries(options))
    if (!(value > 0)) throw new UsageError(`${name} has to be a number above 0`);
  if (options.rounds < 2) throw new UsageError('--rounds is 2 or more: the first one is not measured');
  return { options, isProfiling: values.profile, isKept: !values['no-keep'] };
}

async function measureAll(
  world: World,
  options: Options,
  isProfiling: boolean,
): Promise<{ results: readonly LoadResult[]; postgres: string }> {
  const { groups, contacts, rate, seconds, warmupSeconds } = options;
  const people = new Cliques({ groups, contacts, domain: world.domain });
  const keys = sharedKeys(PASSWORD);
  const db = await connectDb(world);
  let postgres: string;
  try {
    await seedPeople(db, people, keys);
    postgres = await postgresVersion(db);
  } finally {
    await db.close();
  }
  const load = new PresenceLoad({ port: world.endpoint('tcp').port, people, keys });
  try {
    const profiled = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (isProfiling) startProfilers(world);
      const done = await work();
      if (isProfiling) await stopProfilers(world, name);
      return done;
    };
    const logins = await profiled('login', () => measureLogins(world, load, options));
    await load.sendMax(warmupSeconds);
    const fast = await profiled('presence, max', () => measure(world, () => load.sendMax(seconds)));
    const slow = await profiled(`presence, ${rate}/s`, () => measure(world, () => load.sendAt(rate, seconds)));
    if (isProfiling) {
      await sleep(SETTLE_MS);
      await profiled(IDLE_LOAD, () => sleep(seconds * 1_000));
    }
    const results = [
      resultOf('presence, max', fast.done.count, fast.done.seconds, fast.cost),
      resultOf(`presence, ${rate}/s`, slow.done.count, slow.done.seconds, slow.cost),
      logins,
    ];
    return { results, postgres };
  } finally {
    load.close();
  }
}

/** Everybody is logged in afterwards. */
async function measureLogins(world: World, load: PresenceLoad, { rounds }: Options): Promise<LoadResult> {
  await load.logIn();
  let [count, seconds, tookUs, othersUs] = [0, 0, 0, 0];
  const used: Record<string, number> = {};
  for (let round = 1; round < rounds; round++) {
    await load.logOut();
    const { done, cost } = await measure(world, () => load.logIn());
    count += done.count;
    seconds += done.seconds;
    tookUs += cost.tookUs;
    othersUs += cost.othersUs;
    for (const [part, cpuUs] of Object.entries(cost.used)) used[part] = (used[part] ?? 0) + cpuUs;
  }
  return resultOf('login', count, seconds, { used, tookUs, othersUs });
}
