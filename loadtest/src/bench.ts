// npm run bench: CPU per message of every part, for archived and for live messages, on one edge, real NATS and PostgreSQL.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { World } from '@starling/testkit';
import { calibrate } from './bench/calibrate.ts';
import { LOADS, type Load, Pairs } from './bench/load.ts';
import { measure, resultOf } from './bench/measure.ts';
import { doubtsAbout, isGeneratorTooBusy, print, printComparison } from './bench/print.ts';
import { keepProfiles, prepareProfiling, startProfilers, stopProfilers } from './bench/profiling.ts';
import {
  type BenchKind,
  type BenchResult,
  currentCommit,
  keepResult,
  type LoadResult,
  lastResult,
} from './bench/results.ts';
import { requireRows, untilWritten } from './bench/written.ts';
import { natsVersion } from './nats-binary.ts';
import { withWorld } from './own-world.ts';
import { UsageError } from './usage-error.ts';

const HEADLINE = 'µs of CPU for each delivered message (an archived one is two entries of two logs, and two rows)';

interface Options {
  readonly pairs: number;
  readonly window: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly bodyBytes: number;
}

/** Resolves with the exit code; never fails on time, only when the figures mean nothing. @throws UsageError, Error */
export async function bench(args: readonly string[]): Promise<number> {
  const { options, isProfiling, isKept, kind } = optionsOf(args);
  const calibrationBefore = calibrate();
  const at = new Date().toISOString();
  const cluster = { edges: 1, settings: isProfiling ? prepareProfiling() : {} };
  const { results, postgres } = await withWorld(cluster, (world) => measureAll(world, options, isProfiling));
  const calibrationUs = (calibrationBefore + calibrate()) / 2;
  const [{ model: cpu = '' } = {}] = cpus();
  const machine = { cpu, cores: cpus().length, node: process.version, nats: natsVersion(), postgres };
  const result: BenchResult = {
    at,
    commit: currentCommit(),
    machine,
    options: { ...options },
    calibrationUs,
    results,
    doubts: results.flatMap(doubtsAbout),
  };
  print(result, HEADLINE);
  // The profiler costs: such figures are neither compared with others nor kept.
  if (isProfiling) {
    const loads = results.map(({ load }) => load);
    console.log(`profiles: ${keepProfiles(result, { kind: 'profile', loads, isKept })}`);
  } else printComparison(result, lastResult(result, kind));
  if (isKept && !isProfiling) console.log(`kept in ${keepResult(result, kind)}`);
  return results.some(isGeneratorTooBusy) ? 1 : 0;
}

interface Wanted {
  readonly options: Options;
  readonly isProfiling: boolean;
  readonly isKept: boolean;
  readonly kind: BenchKind;
}

/** Enough to see what has become twice as dear, in half a minute. */
const SHORT = { pairs: '20', seconds: '2', warmup: '2' };

function optionsOf(args: readonly string[]): Wanted {
  const isShort = args.includes('--short');
  const defaults = isShort ? SHORT : { pairs: '50', seconds: '15', warmup: '6' };
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: 'string', default: defaults.pairs },
      window: { type: 'string', default: '1' },
      seconds: { type: 'string', default: defaults.seconds },
      warmup: { type: 'string', default: defaults.warmup },
      body: { type: 'string', default: '200' },
      profile: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
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
  const kind = values.short ? 'bench-short' : 'bench';
  return { options, isProfiling: values.profile, isKept: !values['no-keep'], kind };
}

async function measureAll(
  world: World,
  options: Options,
  isProfiling: boolean,
): Promise<{ results: readonly LoadResult[]; postgres: string }> {
  const tcp = await Pairs.logIn(world, 'tcp', options);
  const ws = await Pairs.logIn(world, 'ws', options);
  const results: LoadResult[] = [];
  let stored = 0;
  try {
    for (const load of Object.keys(LOADS) as Load[]) {
      const pairs = LOADS[load].transport === 'ws' ? ws : tcp;
      const { delivered } = await pairs.run(load, options.warmupSeconds);
      if (load === 'archived') stored += delivered;
      await untilWritten(world, stored);
      if (isProfiling) startProfilers(world);
      // From the first message until the last one is delivered and, when it is archived, in the database.
      const { done, cost } = await measure(world, async () => {
        const run = await pairs.run(load, options.seconds);
        await untilWritten(world, stored + (load === 'archived' ? run.delivered : 0));
        return run;
      });
      const result = resultOf(load, done.delivered, done.seconds, cost);
      if (isProfiling) await stopProfilers(world, load);
      if (load === 'archived') stored += result.delivered;
      results.push(result);
    }
    return { results, postgres: await requireRows(world, stored) };
  } finally {
    tcp.close();
    ws.close();
  }
}
