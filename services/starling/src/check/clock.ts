import { failed, type Outcome, ok, warning } from './finding.ts';

/** Whoever is before this has no clock: certificates and time stamps would be wrong. */
const EARLIEST_YEAR = 2025;
/** Ages of sessions, times of messages and retention are compared across machines. */
const DIFFERENCE_MAX_MS = 2_000;

/** Another clock, and ours at the same moment; Unix time in ms. */
export interface OtherClock {
  readonly of: string;
  readonly theirMs: number;
  readonly ourMs: number;
}

export function judgeClock(nowMs: number, others: readonly OtherClock[]): Outcome {
  const now = new Date(nowMs);
  if (now.getUTCFullYear() < EARLIEST_YEAR)
    return failed(`${now.toISOString()} is in the past: set the clock, or start NTP`);
  const told = others.map(({ of, theirMs, ourMs }) => `${of} ${seconds(theirMs - ourMs)}`);
  const text =
    told.length === 0 ? `${now.toISOString()}, nobody to compare with` : `${now.toISOString()}; ${told.join(', ')}`;
  const isApart = others.some(({ theirMs, ourMs }) => Math.abs(theirMs - ourMs) > DIFFERENCE_MAX_MS);
  return isApart ? warning(`${text}: start NTP`) : ok(text);
}

const seconds = (differenceMs: number): string => {
  if (Math.abs(differenceMs) < 100) return 'has the same';
  return `is ${(Math.abs(differenceMs) / 1_000).toFixed(1)} s ${differenceMs > 0 ? 'ahead' : 'behind'}`;
};
