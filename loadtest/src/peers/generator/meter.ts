import { cpuOfMachine, processesByRoot } from '../../bench/process-cpu.ts';
import { pssOf } from '../../bench/process-memory.ts';
import type { WatchedPart } from './orders.ts';

export interface Reading {
  readonly atMs: number;
  readonly cpuUs: Readonly<Record<string, number>>;
  readonly generatorUs: number;
  readonly machineUs: number;
}

/** What the watched processes, this one, and all of the machine have used of the CPU so far. */
export function readCpu(watch: readonly WatchedPart[]): Reading {
  const processes = processesByRoot(watch.map(({ pid }) => pid));
  const cpuUs = watch.map(({ label, pid }) => [label, processes.get(pid)?.cpuUs ?? 0] as const);
  const { user, system } = process.cpuUsage();
  return {
    cpuUs: summed(cpuUs),
    generatorUs: user + system,
    machineUs: cpuOfMachine(),
    atMs: performance.now(),
  };
}

/** What was used between two readings. */
export function usedBetween(before: Reading, after: Reading) {
  const cpuUs = Object.entries(after.cpuUs).map(([label, us]) => [label, us - (before.cpuUs[label] ?? 0)] as const);
  return {
    seconds: (after.atMs - before.atMs) / 1_000,
    cpuUs: Object.fromEntries(cpuUs),
    generatorUs: after.generatorUs - before.generatorUs,
    machineUs: after.machineUs - before.machineUs,
  };
}

/** Part → KiB, the proportional set size of all its processes. */
export function readMemory(watch: readonly WatchedPart[]): Readonly<Record<string, number>> {
  const processes = processesByRoot(watch.map(({ pid }) => pid));
  return summed(
    watch.map(({ label, pid }) => {
      const pids = processes.get(pid)?.pids ?? [];
      return [label, pids.reduce((sum, one) => sum + pssOf(one), 0)] as const;
    }),
  );
}

/** Two processes may have the same label: three servers of NATS are one part. */
function summed(values: readonly (readonly [label: string, value: number])[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [label, value] of values) sums[label] = (sums[label] ?? 0) + value;
  return sums;
}
