import { cpus } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { currentCommit } from '../bench/results.ts';
import { seeded } from '../random.ts';
import { Cluster } from './cluster.ts';
import { Play } from './play.ts';
import type { SimulateOptions, SimulateResult } from './result.ts';
import { installRandomness } from './seeded-randomness.ts';
import { realNowMs, SimulationBoundError, VirtualTime } from './virtual-time.ts';

/** Any day. */
const START_MS = Date.UTC(2026, 0, 1);
const FAILURES_TOLD_MAX = 10;

/** Plays all of it in this process, whose time is virtual from here on. @throws SimulationBoundError */
export async function runSimulation(options: SimulateOptions, tell: (line: string) => void): Promise<SimulateResult> {
  const at = new Date().toISOString();
  const commit = currentCommit();
  const beganMs = realNowMs();
  const time = new VirtualTime({ startMs: START_MS, check: () => checkBounds(options, beganMs) });
  time.install();
  installRandomness(seeded(options.seed));
  const cluster = new Cluster(time, { ...options, users: options.sessions });
  const play = new Play(options, time, cluster, tell);
  const owners = cluster.owners.length;
  const phases = await play.all();
  const { subjects } = cluster.network;
  const views = play.compareViews();
  const memory = play.weigh();
  const { user, system } = process.cpuUsage();
  const [{ model = '' } = {}] = cpus();
  return {
    ...{ at, commit, machine: { cpu: model, cores: cpus().length, node: process.version }, options },
    simulated: { sessions: cluster.population.own.length, owners, subjects },
    ...{ phases, memory, views },
    failures: cluster.failures.slice(0, FAILURES_TOLD_MAX).map(String),
    took: { seconds: (realNowMs() - beganMs) / 1_000, cpuSeconds: (user + system) / 1e6, steps: time.steps },
  };
}

function checkBounds({ minutesMax, heapGigabytes }: SimulateOptions, beganMs: number): void {
  if (realNowMs() - beganMs > minutesMax * 60_000) throw new SimulationBoundError(`more than ${minutesMax} minutes`);
  if (getHeapStatistics().used_heap_size > heapGigabytes * 2 ** 30)
    throw new SimulationBoundError(`more than ${heapGigabytes} GiB of heap`);
}
