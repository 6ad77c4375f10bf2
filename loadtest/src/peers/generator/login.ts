import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import { Latencies } from './latencies.ts';
import { readCpu, usedBetween } from './meter.ts';
import type { GeneratorLine, LoginOrder, Target, WatchedPart } from './orders.ts';

/** What a server does behind the last answer belongs to the logins too: whom it tells, what it writes. */
const AFTERMATH_MS = 1_000;
/** Until the ends of all sessions have been dealt with. */
const LOGOUT_MS = 2_000;

/** Everybody logs in, and out again. What warms up is not told; the others are one window each. */
export async function login(
  target: Target,
  { users, warmups, passes }: LoginOrder,
  watch: readonly WatchedPart[],
  print: (line: GeneratorLine) => void,
): Promise<void> {
  const crowd = new Crowd(target);
  for (let pass = 0; pass < warmups + passes; pass++) {
    const latencies = new Latencies();
    const before = readCpu(watch);
    await crowd.grow(users, (ms) => latencies.add(ms));
    const used = usedBetween(before, readCpu(watch));
    await sleep(AFTERMATH_MS);
    const { cpuUs } = usedBetween(before, readCpu(watch));
    await crowd.close();
    await sleep(LOGOUT_MS);
    if (pass >= warmups)
      print({ kind: 'window', load: 'max', sent: users, delivered: users, ...used, cpuUs, ...latencies.summary() });
  }
}
