// What a process that holds sessions is told, and what it answers: one JSON object a line.
import type { Target } from '../peers/generator/orders.ts';

/** On its command line. */
export interface HolderOrder {
  readonly target: Target;
  readonly loginsAtOnce: number;
}

/** On its input: there are to be so many. Its end: all leave. */
export interface GrowOrder {
  readonly sessions: number;
}

/** When there are. */
export interface GrownLine {
  readonly sessions: number;
  /** Of the logins since the last order. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many of them were told to wait, and tried again. */
  readonly waited: number;
}

/** @throws Error when it is no such line */
export function parseGrown(text: string): GrownLine {
  const line: unknown = JSON.parse(text);
  if (typeof line !== 'object' || line === null || !('sessions' in line) || !('p99Ms' in line))
    throw new Error(`not a line of a holder: ${text}`);
  return line as GrownLine;
}
