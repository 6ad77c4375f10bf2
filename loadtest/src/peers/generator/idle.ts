import { setTimeout as sleep } from 'node:timers/promises';
import { Crowd } from './crowd.ts';
import { readMemory } from './meter.ts';
import type { GeneratorLine, IdleOrder, Target, WatchedPart } from './orders.ts';

/** Memory of the empty system, then with so many sessions that are bound and available. */
export async function idle(
  target: Target,
  { steps, settleSeconds }: IdleOrder,
  watch: readonly WatchedPart[],
  print: (line: GeneratorLine) => void,
): Promise<void> {
  const crowd = new Crowd(target);
  for (const sessions of [0, ...steps]) {
    await crowd.grow(sessions);
    await sleep(settleSeconds * 1_000);
    print({ kind: 'memory', sessions, pssKiB: readMemory(watch) });
  }
  await crowd.close();
}
