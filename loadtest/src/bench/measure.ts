import { cpus } from 'node:os';
import type { World } from '@starling/testkit';
import { cpuOfMachine, cpuOfProcess, cpuOfTree } from './process-cpu.ts';
import { type LoadResult, round } from './results.ts';

/** What some work has cost. */
export interface Cost {
  /** Part → µs of CPU. */
  readonly used: Readonly<Record<string, number>>;
  readonly tookUs: number;
  /** Of processes that have nothing to do with it. */
  readonly othersUs: number;
}

/** CPU of all parts of a world, and of this process, while `work` lasts. */
export async function measure<T>(
  world: World,
  work: () => Promise<T>,
): Promise<{ readonly done: T; readonly cost: Cost }> {
  const [before, machineBefore, startedMs] = [cpuOfParts(world), cpuOfMachine(), performance.now()];
  const done = await work();
  const [after, machineAfter, tookUs] = [cpuOfParts(world), cpuOfMachine(), (performance.now() - startedMs) * 1_000];
  const used = Object.fromEntries(Object.entries(after).map(([part, cpu]) => [part, cpu - (before[part] ?? 0)]));
  const ours = Object.values(used).reduce((sum, cpu) => sum + cpu, 0);
  return { done, cost: { used, tookUs, othersUs: Math.max(0, machineAfter - machineBefore - ours) } };
}

/** The cost of each of the things that were done: messages, presences, logins. */
export function resultOf(load: string, count: number, seconds: number, { used, tookUs, othersUs }: Cost): LoadResult {
  return {
    load,
    delivered: count,
    perSecond: Math.round(count / seconds),
    cpuPerMessage: Object.fromEntries(Object.entries(used).map(([part, cpu]) => [part, round(cpu / count, 1)])),
    generatorShare: round((used.generator ?? 0) / tookUs, 2),
    othersShare: round(othersUs / (tookUs * cpus().length), 2),
  };
}

/** CPU of each part so far, in µs: PostgreSQL with its children, the others alone. */
export function cpuOfParts(world: World): Record<string, number> {
  const parts: Record<string, number> = { generator: cpuOfProcess(process.pid) };
  for (const { service, pid } of world.ready.processes) {
    parts[service] = (parts[service] ?? 0) + (service === 'postgres' ? cpuOfTree(pid) : cpuOfProcess(pid));
  }
  return parts;
}
