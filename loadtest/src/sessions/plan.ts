// How many sessions go to which edge, by which process. Pure.

/** A process holds 20,000 descriptors; some are for what is not a session. */
export const SESSIONS_PER_PROCESS = 18_000;
/** A first step with fewer says little about many. */
const STEP_MIN = 10_000;
/** Of 127.0.0.0/8; each has ports of its own for each edge. */
const ADDRESS_PREFIX = '127.0.1.';

/** One load process, which fills one edge. */
export interface Share {
  readonly edge: number;
  readonly localAddress: string;
  /** The number of its first account, and how many it has at the end. */
  readonly firstUser: number;
  readonly sessions: number;
}

export interface Plan {
  readonly shares: readonly Share[];
  /** How many there are altogether when it is looked at: the last time all. */
  readonly steps: readonly number[];
}

export function planOf(sessions: number): Plan {
  const processes = Math.ceil(sessions / SESSIONS_PER_PROCESS);
  const each = Math.ceil(sessions / processes);
  const shares = Array.from({ length: processes }, (_, i) => ({
    edge: i,
    localAddress: `${ADDRESS_PREFIX}${i + 1}`,
    firstUser: i * each,
    sessions: Math.min(each, sessions - i * each),
  }));
  const steps = [sessions];
  for (let half = Math.floor(sessions / 2); half >= STEP_MIN; half = Math.floor(half / 2)) steps.unshift(half);
  return { shares, steps };
}

/** How many of a step one load process has: all have the same part of theirs. */
export const shareAt = ({ sessions }: Share, step: number, { steps }: Plan): number =>
  Math.round((sessions * step) / (steps.at(-1) ?? 1));
