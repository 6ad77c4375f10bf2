import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const FIELD_START_TIME = 22;

/** Whether a process with this number exists, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Policy: EPERM means that it exists and is another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** What tells a process from a later one with the same number; '' where the system does not say. */
export function startOf(pid: number): string {
  try {
    if (process.platform !== 'linux') {
      return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 5000 }).trim();
    }
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The second field is the command in parentheses and may hold anything; count from behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot}/${fields[FIELD_START_TIME - 3] ?? ''}`;
  } catch {
    // Policy: unknown; the number alone decides then.
    return '';
  }
}
