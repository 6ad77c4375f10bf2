import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Whether a process with this number exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z /s.test(readOf(pid, 'stat'));
  } catch {
    // Policy: no such process.
    return false;
  }
}

/** @throws Error when one of them is still there after timeoutMs */
export async function untilGone(pids: readonly number[], timeoutMs: number): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  for (const pid of pids) {
    while (isAlive(pid)) {
      if (Date.now() > deadlineMs) throw new Error(`process ${pid} is still there: ${commandOf(pid)}`);
      await delay(POLL_MS);
    }
  }
}

/** Every process that has inherited this variable, whoever its parent is now. Empty where there is no /proc. */
export function processesWith(variable: string, value: string): readonly number[] {
  const entry = `\0${variable}=${value}\0`;
  if (readOf('self', 'environ') === '') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => `\0${readOf(pid, 'environ')}`.includes(entry));
}

/** The command line of a process; '' when it is gone. */
export const commandOf = (pid: number): string => readOf(pid, 'cmdline').replaceAll('\0', ' ').trim();

function readOf(pid: number | 'self', file: 'cmdline' | 'environ' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // Policy: it has ended, or is somebody else's; neither is ours to tell.
    return '';
  }
}
