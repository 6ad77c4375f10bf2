// npm run bench:sessions: many idle sessions on as many edges as they need, and messages on one edge and on several.
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { calibrate } from './bench/calibrate.ts';
import { OthersShare } from './bench/others-share.ts';
import { currentCommit, keepFile, resultName } from './bench/results.ts';
import { natsVersion } from './nats-binary.ts';
import { withWorld } from './own-world.ts';
import { sessionsTables } from './performance/sessions-lines.ts';
import { Bounds, StoppedError } from './sessions/bounds.ts';
import { type MeasureOptions, measureMessages, measureSessions, type StepSink } from './sessions/measure-sessions.ts';
import { planOf } from './sessions/plan.ts';
import {
  type ByPart,
  type EdgesStep,
  SESSIONS_SUFFIX,
  type SessionStep,
  type SessionsResult,
} from './sessions/sessions-result.ts';
import { UsageError } from './usage-error.ts';

/** A run of so many takes so long at most, unless it is told otherwise: a login is 10 ms of both cores. */
const MINUTES_BESIDES = 6;
const SESSIONS_PER_MINUTE = 4_000;
const BYTES_OF_GIB = 1024 ** 3;

/**
 * Thirty processes on a few cores keep one another waiting for seconds. An owner who is taken for dead then has everything to learn again from
 * all edges, which makes everybody later still: at 75,000 sessions on two cores that did not end any more.
 */
const PATIENCE = { STARLING_DEAD_AFTER: '30s', STARLING_FENCE_MARGIN: '2s', STARLING_BIND_TIMEOUT: '60s' };

interface Options extends MeasureOptions {
  readonly sessions: number;
  readonly presence: number;
  readonly memoryGiBMin: number;
  readonly minutesMax: number;
}

/** Resolves with the exit code: 1 when it was stopped by a bound, or a session was lost. @throws UsageError, Error when nothing was found before that */
export async function benchSessions(args: readonly string[]): Promise<number> {
  const { options, edgeCounts, isKept } = optionsOf(args);
  const at = new Date().toISOString();
  const before = calibrate();
  const others = new OthersShare();
  const found = new Found();
  const bounds = new Bounds(options);
  try {
    if (options.sessions > 0) await measureIdle(options, bounds, found);
    for (const edges of edgeCounts)
      await withWorld({ edges }, async (world) => {
        found.messages.push(await measureMessages(world, options.chatSeconds, bounds));
      });
  } catch (error) {
    // Policy: what was found before a bound was reached, or a session was lost, is a result, which says so.
    if (!(error instanceof StoppedError) && found.steps.length === 0) throw error;
    found.stopped = error instanceof Error ? error.message : String(error);
  } finally {
    bounds.end();
  }
  const othersShare = others.read();
  const [{ model: cpu = '' } = {}] = cpus();
  const GiB = Math.round(totalmem() / BYTES_OF_GIB);
  const result: SessionsResult = {
    at,
    commit: currentCommit(),
    machine: { cpu, cores: cpus().length, GiB, node: process.version, nats: natsVersion() },
    options: { ...options },
    calibrationUs: (before + calibrate()) / 2,
    othersShare,
    edges: planOf(options.sessions).shares.length,
    ...{ emptyKiB: found.emptyKiB, steps: found.steps, messages: found.messages },
    ...(found.stopped === undefined ? {} : { stopped: found.stopped }),
  };
  console.log(sessionsTables(result).join('\n'));
  if (isKept) {
    const name = `${resultName(result)}${SESSIONS_SUFFIX}`;
    console.log(`kept in ${keepFile(name, `${JSON.stringify(result, null, 1)}\n`)}`);
  }
  return result.stopped === undefined ? 0 : 1;
}

/** What there is of a run, also when it is stopped. */
class Found implements StepSink {
  emptyKiB: ByPart = {};
  readonly steps: SessionStep[] = [];
  readonly messages: EdgesStep[] = [];
  stopped: string | undefined;

  empty(pssKiB: ByPart): void {
    this.emptyKiB = pssKiB;
  }

  step(step: SessionStep): void {
    this.steps.push(step);
    const { sessions, logins, pair } = step;
    const took = `${logins.count} logins in ${logins.seconds.toFixed(0)} s`;
    console.log(`${sessions} sessions: ${took}, the pair's p99 ${pair.p99Ms.toFixed(1)} ms`);
  }
}

async function measureIdle(options: Options, bounds: Bounds, found: Found): Promise<void> {
  const plan = planOf(options.sessions);
  const cluster = { edges: plan.shares.length, presence: options.presence, settings: PATIENCE };
  console.log(`${options.sessions} sessions on ${cluster.edges} edges, steps ${plan.steps.join(', ')}`);
  await withWorld(cluster, (world) => measureSessions(world, plan, options, bounds, found));
}

function optionsOf(args: readonly string[]): { options: Options; edgeCounts: readonly number[]; isKept: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sessions: { type: 'string', default: '20000' },
      edges: { type: 'string', default: '1,2,4' },
      presence: { type: 'string', default: '1' },
      settle: { type: 'string', default: '15' },
      idle: { type: 'string', default: '10' },
      seconds: { type: 'string', default: '8' },
      'logins-at-once': { type: 'string', default: '28' },
      'memory-min': { type: 'string', default: '2' },
      minutes: { type: 'string' },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const sessions = Number(values.sessions);
  const options = {
    sessions,
    presence: Number(values.presence),
    settleSeconds: Number(values.settle),
    idleSeconds: Number(values.idle),
    chatSeconds: Number(values.seconds),
    loginsAtOnce: Number(values['logins-at-once']),
    memoryGiBMin: Number(values['memory-min']),
    minutesMax: Number(values.minutes ?? Math.ceil(MINUTES_BESIDES + sessions / SESSIONS_PER_MINUTE)),
  };
  const edgeCounts = values.edges
    .split(',')
    .filter((text) => text !== '')
    .map(Number);
  for (const [name, value] of Object.entries(options))
    if (!(value > 0 || (name === 'sessions' && value === 0))) throw new UsageError(`${name}: a number above 0`);
  if (!edgeCounts.every((count) => Number.isInteger(count) && count > 0))
    throw new UsageError('--edges: numbers of edges, separated by commas');
  return { options, edgeCounts, isKept: !values['no-keep'] };
}
