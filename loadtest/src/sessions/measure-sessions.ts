import { setTimeout as sleep } from 'node:timers/promises';
import { WEBSOCKET_PATH, type World } from '@starling/testkit';
import { sum } from '../peers/figures.ts';
import { readCpu, readMemory, usedBetween } from '../peers/generator/meter.ts';
import type { ChatOrder, Target, WatchedPart, WindowLine } from '../peers/generator/orders.ts';
import { runGenerator } from '../peers/run-generator.ts';
import { Cliques, usernameOf } from '../presence/people.ts';
import { type SharedKeys, sharedKeys } from '../presence/scram.ts';
import { seedPeople } from '../presence/seed-people.ts';
import { connectDb } from '../stored.ts';
import type { Bounds } from './bounds.ts';
import { Holder } from './holder.ts';
import { type Plan, shareAt } from './plan.ts';
import type { ByPart, EdgesStep, SessionStep } from './sessions-result.ts';

export interface MeasureOptions {
  readonly settleSeconds: number;
  readonly idleSeconds: number;
  readonly chatSeconds: number;
  /** Of all load processes together. */
  readonly loginsAtOnce: number;
}

const PASSWORD = 'pw';
const SALT = Buffer.from('starling-bench');
const BODY_BYTES = 200;
/** Of the pair, in both directions none: one writes, the other reads. */
const PAIR_USERS = 2;
const PAIR_PER_SECOND = 20;
const PAIR_WARMUP_SECONDS = 2;
/** Per edge: a cluster has more of them because it has more users, and what shares a turn of the loop is what one edge has in hand. */
const PAIRS_PER_EDGE = 200;
const MESSAGES_PER_SECOND_PER_EDGE = 500;
/** Per edge: V8 compiles in each of them, and all share two cores. */
const WARMUP_SECONDS_PER_EDGE = 8;
const GENERATOR_TIMEOUT_MS = 300_000;

export const partsOf = (world: World): readonly WatchedPart[] =>
  world.ready.processes.map(({ service, pid }) => ({ label: service, pid }));

/** All accounts of a world, with the same keys. Those of the pair come last. */
async function seed(world: World, count: number): Promise<void> {
  const keys: SharedKeys = sharedKeys(PASSWORD, SALT);
  const db = await connectDb(world);
  try {
    await seedPeople(db, new Cliques({ groups: count, contacts: 0, domain: world.domain }), keys);
  } finally {
    await db.close();
  }
}

const targetOf = (world: World, edge: number): Target => ({
  transport: 'ws',
  port: world.endpoint('ws', edge).port,
  path: WEBSOCKET_PATH,
  domain: world.domain,
  prefix: usernameOf(0).replace(/\d+$/, ''),
  password: PASSWORD,
  salt: SALT.toString('base64'),
});

/** Hears of everything as soon as it is known: a run may be stopped. */
export interface StepSink {
  empty(pssKiB: ByPart): void;
  step(step: SessionStep): void;
}

/** Sessions on all edges of a world, step by step. @throws StoppedError, and Error when a session is lost */
export async function measureSessions(
  world: World,
  plan: Plan,
  options: MeasureOptions,
  bounds: Bounds,
  sink: StepSink,
): Promise<void> {
  const all = plan.steps.at(-1) ?? 0;
  await bounds.within(seed(world, all + PAIR_USERS));
  const watch = partsOf(world);
  await bounds.within(sleep(options.settleSeconds * 1_000));
  sink.empty(readMemory(watch));
  const loginsAtOnce = Math.max(1, Math.floor(options.loginsAtOnce / plan.shares.length));
  const holders = plan.shares.map(
    ({ edge, localAddress, firstUser }) =>
      new Holder({ target: { ...targetOf(world, edge), localAddress, firstUser }, loginsAtOnce }),
  );
  try {
    let sessions = 0;
    for (const step of plan.steps) {
      const logins = await bounds.within(logIn(holders, plan, step, sessions, watch));
      sessions += logins.count;
      await bounds.within(sleep(options.settleSeconds * 1_000));
      const pssKiB = readMemory(watch);
      const idleBefore = readCpu(watch);
      await bounds.within(sleep(options.idleSeconds * 1_000));
      const { seconds, cpuUs } = usedBetween(idleBefore, readCpu(watch));
      const pair = await bounds.within(talk(world, all, options.chatSeconds));
      for (const holder of holders) holder.requireAlive();
      sink.step({ sessions, logins, pssKiB, idle: { seconds, cpuUs }, pair });
    }
  } finally {
    await Promise.all(holders.map((holder) => holder.stop()));
  }
}

async function logIn(
  holders: readonly Holder[],
  plan: Plan,
  step: number,
  before: number,
  watch: readonly WatchedPart[],
): Promise<SessionStep['logins']> {
  const reading = readCpu(watch);
  const lines = await Promise.all(
    plan.shares.map((share, i) => holders[i]?.grow(shareAt(share, step, plan)) ?? Promise.reject(new Error('none'))),
  );
  const { seconds, cpuUs } = usedBetween(reading, readCpu(watch));
  return {
    count: sum(lines.map(({ sessions }) => sessions)) - before,
    ...{ seconds, cpuUs },
    // Of each process; of all of them the middle and the worst.
    p50Ms: lines.map(({ p50Ms }) => p50Ms).sort((a, b) => a - b)[Math.floor(lines.length / 2)] ?? 0,
    p99Ms: Math.max(...lines.map(({ p99Ms }) => p99Ms)),
    waited: sum(lines.map(({ waited }) => waited)),
  };
}

/** Two more write to each other, from one edge to another if there is one. */
async function talk(world: World, firstUser: number, seconds: number): Promise<SessionStep['pair']> {
  const target = { ...targetOf(world, 0), ...othersOf(world, Math.min(2, world.edges.length)), firstUser };
  const load = { users: PAIR_USERS, loads: [PAIR_PER_SECOND], seconds, warmupSeconds: PAIR_WARMUP_SECONDS };
  const [window] = await chat(target, load, []);
  if (window === undefined) throw new Error('the pair has not been measured');
  const { delivered, p50Ms, p99Ms } = window;
  return { delivered, p50Ms, p99Ms };
}

const othersOf = (world: World, edges: number): Pick<Target, 'otherPorts'> => ({
  otherPorts: Array.from({ length: edges - 1 }, (_, i) => targetOf(world, i + 1).port),
});

async function chat(
  target: Target,
  load: Pick<ChatOrder, 'users' | 'loads' | 'seconds' | 'warmupSeconds'>,
  watch: readonly WatchedPart[],
): Promise<readonly WindowLine[]> {
  const order: ChatOrder = { work: 'chat', window: 1, bodyBytes: BODY_BYTES, isStored: false, ...load };
  const lines = await runGenerator({ target, order, watch }, { timeoutMs: GENERATOR_TIMEOUT_MS });
  const [sent, delivered] = [
    sum(lines.map((line) => (line.kind === 'total' ? line.sent : 0))),
    sum(lines.map((line) => (line.kind === 'total' ? line.delivered : 0))),
  ];
  if (sent !== delivered) throw new Error(`${sent} messages were sent, and ${delivered} delivered`);
  return lines.filter((line) => line.kind === 'window');
}

/** Routed messages on a world's edges, everyone's partner on another one if there is one. */
export async function measureMessages(world: World, seconds: number, bounds: Bounds): Promise<EdgesStep> {
  const edges = world.edges.length;
  // Partners are half of the users apart, who go to one edge after the other: one more pair, and no two are on the same one.
  const users = 2 * (PAIRS_PER_EDGE * edges + 1);
  await bounds.within(seed(world, users));
  const target = { ...targetOf(world, 0), ...othersOf(world, edges) };
  const loads = ['max', MESSAGES_PER_SECOND_PER_EDGE * edges] as const;
  const load = { users, loads, seconds, warmupSeconds: WARMUP_SECONDS_PER_EDGE * edges };
  const windows = await bounds.within(chat(target, load, partsOf(world)));
  return { edges, windows };
}
