import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's clock ticks a second, as Linux reports CPU times to everybody. */
const TICKS_PER_SECOND = 100;
const MICROSECONDS_PER_TICK = 1_000_000 / TICKS_PER_SECOND;
/** proc(5), /proc/pid/stat, counted behind the command's closing bracket. */
const PARENT_FIELD = 1;
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

interface Stat {
  readonly parent: number;
  readonly ticks: number;
}

function statOf(pid: number | string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[PARENT_FIELD]), ticks: Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]) };
  } catch {
    // Policy: the process has ended meanwhile; what it used is gone with it.
    return undefined;
  }
}

/** CPU time, user and system, that a process and all its descendants have used so far, in µs. */
export function cpuOfTree(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(name);
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = stats.get(at)?.parent)
      if (at === root) return true;
    return false;
  };
  let ticks = 0;
  for (const [pid, stat] of stats) if (isBelow(pid)) ticks += stat.ticks;
  return ticks * MICROSECONDS_PER_TICK;
}

/** CPU time of one process alone, in µs. */
export const cpuOfProcess = (pid: number): number => (statOf(pid)?.ticks ?? 0) * MICROSECONDS_PER_TICK;
