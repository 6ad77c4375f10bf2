import type { KnownFailure } from './known-failures.ts';

/** What came of one test; `aborted`: it, or another one of its class, ended the run. */
export interface SmackResult {
  /** 'RosterIntegrationTest.subscribeRequestListenerTest'; without a method when the whole class is impossible; '' when no test could be run. */
  readonly test: string;
  /** A low-level test is run with each kind of connection; '' for the others. */
  readonly connection: string;
  readonly outcome: 'passed' | 'failed' | 'impossible' | 'aborted';
  readonly reason: string;
  readonly ms: number;
}

export interface Count {
  readonly passed: number;
  /** Known ones left out. */
  readonly failed: number;
  readonly known: number;
  readonly impossible: number;
}

export interface Verdict {
  readonly total: Count;
  /** Class → count, in alphabetical order. */
  readonly classes: Readonly<Record<string, Count>>;
  readonly failures: readonly SmackResult[];
  /** Known failures, certain ones, that passed each time: they can go from the list. */
  readonly mended: readonly KnownFailure[];
}

const NONE: Count = { passed: 0, failed: 0, known: 0, impossible: 0 };

const isFailure = ({ outcome }: SmackResult): boolean => outcome === 'failed' || outcome === 'aborted';

const classOf = ({ test }: SmackResult): string => test.split('.')[0] ?? '';

const isAbout = ({ test, connection, told }: KnownFailure, result: SmackResult): boolean =>
  (test === undefined || result.test === test || result.test.startsWith(`${test}.`)) &&
  (connection === undefined || result.connection === connection) &&
  (told === undefined || result.reason.includes(told));

/** Classes in which something failed by one of these faults: what they say of the server is not known yet. In alphabetical order. */
export function classesWith(faults: readonly KnownFailure[], results: readonly SmackResult[]): readonly string[] {
  const shaken = results.filter((result) => isFailure(result) && faults.some((fault) => isAbout(fault, result)));
  return [...new Set(shaken.map(classOf))].filter((name) => name !== '').toSorted();
}

/** What a second run says of its classes stands for what the first said of them. */
export function withSecondRun(first: readonly SmackResult[], second: readonly SmackResult[]): readonly SmackResult[] {
  const again = new Set(second.map(classOf));
  return [...first.filter((result) => !again.has(classOf(result))), ...second];
}

/** Counts, and sets apart what is known to fail. */
export function judge(results: readonly SmackResult[], knownFailures: readonly KnownFailure[]): Verdict {
  const columnOf = (result: SmackResult): keyof Count => {
    if (!isFailure(result)) return result.outcome === 'passed' ? 'passed' : 'impossible';
    return knownFailures.some((known) => isAbout(known, result)) ? 'known' : 'failed';
  };
  let total = NONE;
  const classes: Record<string, Count> = {};
  for (const result of results.toSorted((a, b) => a.test.localeCompare(b.test))) {
    const name = classOf(result);
    const column = columnOf(result);
    const add = (count: Count): Count => ({ ...count, [column]: count[column] + 1 });
    total = add(total);
    classes[name] = add(classes[name] ?? NONE);
  }
  return {
    total,
    classes,
    failures: results.filter((result) => columnOf(result) === 'failed'),
    mended: knownFailures.filter((known) => {
      if (known.sometimes) return false;
      const about = results.filter((result) => isAbout(known, result));
      return about.length > 0 && about.every(({ outcome }) => outcome === 'passed');
    }),
  };
}
