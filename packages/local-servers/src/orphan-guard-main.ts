// The process behind OrphanGuard: standard input is a list of processes; at its end they are ended.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

const watched = new Map<number, string>();

for await (const line of createInterface({ input: process.stdin })) {
  const [, sign, pid, signal] = /^([+-])(\d+)(?: (SIG[A-Z]+))?$/.exec(line) ?? [];
  if (sign === '+') watched.set(Number(pid), signal ?? 'SIGTERM');
  else if (sign === '-') watched.delete(Number(pid));
}

for (const [pid, signal] of watched) send(pid, signal);
const deadlineMs = Date.now() + Number(process.argv[2]);
while (Date.now() < deadlineMs && [...watched.keys()].some((pid) => send(pid, 0))) await delay(POLL_MS);
// Most are leaders of a group of their own (Child): then whatever they have started themselves goes with them.
for (const pid of watched.keys()) send(-pid, 'SIGKILL') || send(pid, 'SIGKILL');

/** Whether the process exists. */
function send(pid: number, signal: string | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    // Policy: gone already, which is what we want.
    return false;
  }
}
