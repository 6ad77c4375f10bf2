import { setTimeout as pause } from 'node:timers/promises';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';

/** Waves a second: between two of them others have a turn, and the edges that take the sessions have time. */
const WAVES_A_SECOND = 10;
const MS_PER_SECOND = 1_000;

/**
 * Hands over sessions that can be resumed, in waves spread evenly over `drainMs`, in no order, so that their clients do not all come back at
 * once (design.md §10). Resolves when the records of all are written.
 */
export async function drain(
  sessions: readonly ClientSession[],
  drainMs: number,
  release: (session: ClientSession, sm: ManagedStream) => Promise<boolean>,
): Promise<void> {
  const waiting = shuffled(sessions);
  const waves = Math.max(1, Math.floor((drainMs / MS_PER_SECOND) * WAVES_A_SECOND));
  const released: Promise<boolean>[] = [];
  for (let wave = 0; wave < waves && waiting.length > 0; wave++) {
    if (wave > 0) await pause(MS_PER_SECOND / WAVES_A_SECOND);
    for (const session of waiting.splice(0, Math.ceil(waiting.length / (waves - wave))))
      if (session.sm !== undefined && !session.ended) released.push(release(session, session.sm));
  }
  await Promise.all(released);
}

function shuffled<T>(items: readonly T[]): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [mixed[i], mixed[other]] = [mixed[other] as T, mixed[i] as T];
  }
  return mixed;
}
