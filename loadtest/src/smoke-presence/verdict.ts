// What the presence run promises, as pure functions: what sessions believe and what is so → what is wrong.
import type { Faults, Numbers, View } from './view.ts';

export type DifferenceKind = 'ghost' | 'missing' | 'stale';

/** One line of a view that is not as it should be. */
export interface Difference {
  readonly kind: DifferenceKind;
  readonly watcher: number;
  readonly contact: number;
  /** Status numbers; 0 = not available. */
  readonly seen: number;
  readonly truth: number;
}

/** Views against the truth at one moment. */
export interface Comparison {
  /** Lines of views that were compared. */
  readonly compared: number;
  readonly ghost: number;
  readonly missing: number;
  readonly stale: number;
  /** The first few. */
  readonly differences: readonly Difference[];
}

export const NOTHING_COMPARED: Comparison = { compared: 0, ghost: 0, missing: 0, stale: 0, differences: [] };
export const DIFFERENCES_TOLD = 10;

/** One session: whoever it watches is in its view with his newest number, and nobody else. */
export function compare(watcher: number, watched: ReadonlySet<number>, view: View, truth: Numbers): Comparison {
  const persons = new Set([...watched, ...view.persons()]);
  const counts = { ghost: 0, missing: 0, stale: 0 };
  const differences: Difference[] = [];
  for (const contact of persons) {
    const [seen, should] = [view.numberOf(contact), watched.has(contact) ? (truth[contact] ?? 0) : 0];
    if (seen === should) continue;
    const kind = should === 0 ? 'ghost' : seen === 0 ? 'missing' : 'stale';
    counts[kind]++;
    differences.push({ kind, watcher, contact, seen, truth: should });
  }
  return { compared: persons.size, ...counts, differences };
}

/** All of them together. */
export function sumOf(comparisons: Iterable<Comparison>): Comparison {
  let { compared, ghost, missing, stale } = NOTHING_COMPARED;
  const differences: Difference[] = [];
  for (const c of comparisons) {
    compared += c.compared;
    ghost += c.ghost;
    missing += c.missing;
    stale += c.stale;
    differences.push(...c.differences.slice(0, DIFFERENCES_TOLD - differences.length));
  }
  return { compared, ghost, missing, stale, differences };
}

export const isEqual = ({ ghost, missing, stale }: Comparison): boolean => ghost + missing + stale === 0;

/** What one step has shown: all that was measured from a fault on until everybody's view was the truth again. */
export interface Step {
  readonly name: string;
  /** From the fault, or from the end of a pause; undefined when the views never became equal. */
  readonly equalAfterSeconds: number | undefined;
  /** From the beginning of the fault to the last presence that came late or told of a death; undefined when none did. */
  readonly lateForSeconds: number | undefined;
  /** When looked at last. */
  readonly comparison: Comparison;
  /** They were equal, and then were not any more, although nobody had changed anything. */
  readonly relapsed: boolean;
  readonly changes: number;
  readonly delivered: number;
  /** From a change of status until somebody was shown it. */
  readonly waits: { readonly medianMs: number; readonly longestMs: number };
  /** From the first attempt to log in to the bound resource. */
  readonly logins: { readonly count: number; readonly refused: number; readonly longestMs: number };
}

export interface Run {
  readonly steps: readonly Step[];
  readonly faults: Faults;
  /** Connections that ended although nobody had ended them. */
  readonly lost: number;
}

export const EQUAL_WITHIN_SECONDS = 10;
export const LOGIN_WITHIN_SECONDS = 10;

/** Each broken promise in a line; empty when all were kept. */
export function troubleOf({ steps, faults, lost }: Run): readonly string[] {
  const trouble = steps.flatMap(troubleOfStep);
  for (const [what, count] of Object.entries({ ...faults, 'connections lost': lost }))
    if (count > 0) trouble.push(`${count} ${what}`);
  if (steps.some((step) => step.comparison.compared === 0)) trouble.push('nothing was compared');
  return trouble;
}

function troubleOfStep({ name, equalAfterSeconds, comparison, relapsed, changes, delivered, logins }: Step): string[] {
  const { ghost, missing, stale } = comparison;
  const trouble: string[] = [];
  if (equalAfterSeconds === undefined)
    trouble.push(`views never equal: ${ghost} ghosts, ${missing} missing, ${stale} stale`);
  else if (equalAfterSeconds > EQUAL_WITHIN_SECONDS) trouble.push(`views equal only after ${equalAfterSeconds} s`);
  if (relapsed) trouble.push('views differed again in a calm');
  if (changes > 0 && delivered === 0) trouble.push('nobody was shown any change');
  if (logins.longestMs > LOGIN_WITHIN_SECONDS * 1_000) trouble.push(`a login took ${logins.longestMs} ms`);
  return trouble.map((what) => `${name}: ${what}`);
}
