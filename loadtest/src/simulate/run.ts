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

/** Plays it in this process, whose time is virtual from here on: all of it, or what its bounds allow. */
export async function runSimulation(options: SimulateOptions, tell: (line: string) => void): Promise<SimulateResult> {
  const at = new Date().toISOString();
  const commit = currentCommit();
  const beganMs = realNowMs();
  const time = new VirtualTime({ startMs: START_MS, check: () => checkBounds(options) });
  time.install();
  installRandomness(seeded(options.seed));
  const cluster = new Cluster(time, { ...options, users: options.sessions });
  const play = new Play(options, time, cluster, tell);
  const owners = cluster.owners.length;
  const stopped = await play.all();
  const { subjects } = cluster.network;
  // In the middle of something nobody has been told all.
  const views = stopped === '' ? play.compareViews() : { compared: 0, wrong: 0, first: '' };
  const memory = play.weigh();
  const { user, system } = process.cpuUsage();
  const [{ model = '' } = {}] = cpus();
  return {
    ...{ at, commit, machine: { cpu: model, cores: cpus().length, node: process.version }, options },
    simulated: { sessions: cluster.population.own.length, owners, subjects, partitions: cluster.partitions },
    ...{ phases: play.phases, stopped, memory, views },
    failures: cluster.failures.slice(0, FAILURES_TOLD_MAX).map(String),
    took: { seconds: (realNowMs() - beganMs) / 1_000, cpuSeconds: (user + system) / 1e6, steps: time.steps },
  };
}

function checkBounds({ minutesMax, heapGigabytes }: SimulateOptions): void {
  const { user, system } = process.cpuUsage();
  if (user + system > minutesMax * 60e6) throw new SimulationBoundError(`more than ${minutesMax} minutes of CPU`);
  if (getHeapStatistics().used_heap_size > heapGigabytes * 2 ** 30)
    throw new SimulationBoundError(`more than ${heapGigabytes} GiB of heap`);
}
