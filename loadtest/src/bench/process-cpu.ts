import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's clock ticks a second, as Linux reports CPU times to everybody. */
const TICKS_PER_SECOND = 100;
const MICROSECONDS_PER_TICK = 1_000_000 / TICKS_PER_SECOND;
/** proc(5), /proc/pid/stat, counted behind the command's closing bracket. */
const PARENT_FIELD = 1;
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;
const ENDED_CHILDREN_USER_FIELD = 13;
const ENDED_CHILDREN_SYSTEM_FIELD = 14;
/** proc(5), /proc/stat, of the line of all processors: idle, and idle while the disk works. */
const IDLE_FIELDS = [3, 4] as const;
/** user, nice, system, idle, iowait, irq, softirq, steal; what guests have is in user already. */
const CPU_FIELDS = 8;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
  /** Of children that have ended. */
  readonly endedTicks: number;
}

function statOf(pid: number | string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const at = (field: number) => Number(fields[field]);
    return {
      parent: at(PARENT_FIELD),
      ticks: at(USER_FIELD) + at(SYSTEM_FIELD),
      endedTicks: at(ENDED_CHILDREN_USER_FIELD) + at(ENDED_CHILDREN_SYSTEM_FIELD),
    };
  } catch {
    // Policy: the process has ended meanwhile; what it used is with its parent.
    return undefined;
  }
}

/** CPU time, user and system, that a process and all its descendants, ended ones too, have used so far, in µs. */
export function cpuOfTree(root: number): number {
  let ticks = 0;
  for (const stat of statsBelow(root).values()) ticks += stat.ticks + stat.endedTicks;
  return ticks * MICROSECONDS_PER_TICK;
}

/** A process and all its descendants. */
export const treeOf = (root: number): readonly number[] => [...statsBelow(root).keys()];

function statsBelow(root: number): ReadonlyMap<number, Stat> {
  const stats = allStats();
  return new Map([...stats].filter(([pid]) => nearestRoot(pid, stats, new Set([root])) === root));
}

function allStats(): ReadonlyMap<number, Stat> {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  return stats;
}

/** The process itself, or the nearest of those that it descends from, that is one of `roots`. */
function nearestRoot(pid: number, stats: ReadonlyMap<number, Stat>, roots: ReadonlySet<number>): number | undefined {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent)
    if (roots.has(at)) return at;
  return undefined;
}

/** What belongs to a process: it, and its descendants. */
export interface ProcessGroup {
  readonly pids: readonly number[];
  /** User and system, that of ended children too, in µs. */
  readonly cpuUs: number;
}

/** All processes below some, each counted once: for the nearest of them. */
export function processesByRoot(roots: readonly number[]): ReadonlyMap<number, ProcessGroup> {
  const stats = allStats();
  const wanted = new Set(roots);
  const groups = new Map<number, ProcessGroup>();
  for (const [pid, { ticks, endedTicks }] of stats) {
    const root = nearestRoot(pid, stats, wanted);
    if (root === undefined) continue;
    const { pids, cpuUs } = groups.get(root) ?? { pids: [], cpuUs: 0 };
    groups.set(root, { pids: [...pids, pid], cpuUs: cpuUs + (ticks + endedTicks) * MICROSECONDS_PER_TICK });
  }
  return groups;
}

/** CPU time of one process alone, in µs. */
export const cpuOfProcess = (pid: number): number => (statOf(pid)?.ticks ?? 0) * MICROSECONDS_PER_TICK;

/** CPU time of everything on this machine, in µs. */
export function cpuOfMachine(): number {
  const [, ...fields] = (readFileSync('/proc/stat', 'latin1').split('\n', 1)[0] ?? '').split(/\s+/);
  const busy = fields.slice(0, CPU_FIELDS).filter((_, field) => !IDLE_FIELDS.some((idle) => idle === field));
  return busy.reduce((sum, ticks) => sum + Number(ticks), 0) * MICROSECONDS_PER_TICK;
}
