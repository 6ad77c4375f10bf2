import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What one load has cost. */
export interface LoadResult {
  readonly load: string;
  /** How many messages, presences or logins. */
  readonly delivered: number;
  readonly perSecond: number;
  /** Part → µs of CPU, user and system, for each of them. */
  readonly cpuPerMessage: Readonly<Record<string, number>>;
  /** Of one core: at 1 the generator measures itself. */
  readonly generatorShare: number;
  /** Of the whole machine, used by processes that have nothing to do with the run: above a few percent the figures are doubtful. */
  readonly othersShare: number;
}

export interface BenchResult {
  readonly at: string;
  readonly commit: string;
  readonly machine: Readonly<Record<'cpu' | 'node' | 'nats' | 'postgres', string>> & { readonly cores: number };
  readonly options: Readonly<Record<string, number>>;
  /** µs of CPU for the piece of work of calibrate(), the mean of before and after. */
  readonly calibrationUs: number;
  readonly results: readonly LoadResult[];
  /** Why the figures may be worse than they should be; empty when the machine was quiet. */
  readonly doubts: readonly string[];
}

/** Where results are kept. */
export const RESULTS = new URL('../../results/', import.meta.url);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** What was measured; the end of the file's name. */
export type BenchKind = 'bench' | 'bench-short' | 'presence';

/** The files of this run, without their ending: the day and the commit. */
export const resultName = ({ at, commit }: Pick<BenchResult, 'at' | 'commit'>): string =>
  `${at.slice(0, 10)}-${commit}`;

export function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // Policy: an unpacked archive has no history.
    return 'unknown';
  }
}

/** Writes a file beside the results; returns its path for people. */
export function keepFile(name: string, text: string): string {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(name, RESULTS), text);
  return `loadtest/results/${name}`;
}

export const keepResult = (result: BenchResult, kind: BenchKind): string =>
  keepFile(`${resultName(result)}${suffixOf(kind)}`, `${JSON.stringify(result, null, 2)}\n`);

const suffixOf = (kind: BenchKind) => `-${kind}.json`;

/** The newest kept result of the same kind of machine with the same options. */
export function lastResult({ options, machine }: Comparable, kind: BenchKind): BenchResult | undefined {
  mkdirSync(RESULTS, { recursive: true });
  return readdirSync(RESULTS)
    .filter((name) => name.endsWith(suffixOf(kind)))
    .map((name) => JSON.parse(readFileSync(new URL(name, RESULTS), 'utf8')) as BenchResult)
    .filter((result) => isComparable(result, { options, machine }))
    .sort((a, b) => b.at.localeCompare(a.at))[0];
}

type Comparable = Pick<BenchResult, 'options' | 'machine'>;

/** Of another processor the calibration loop says little. */
export const isComparable = (a: Comparable, b: Comparable): boolean =>
  a.machine.cpu === b.machine.cpu &&
  a.machine.cores === b.machine.cores &&
  JSON.stringify(a.options) === JSON.stringify(b.options);

/** All parts together, without the generator. */
export function totalOf({ cpuPerMessage }: LoadResult): number {
  const parts = Object.entries(cpuPerMessage).filter(([part]) => part !== 'generator');
  return parts.reduce((sum, [, cost]) => sum + cost, 0);
}

/** One cost in two results. */
export interface Comparison {
  readonly load: string;
  readonly part: string;
  /** µs of CPU. */
  readonly before: number;
  readonly now: number;
  /** Now divided by then, both measured in pieces of calibration work: 1.1 = 10 % dearer. */
  readonly ratio: number;
}

/** A part that costs less is noise. */
const WORTH_COMPARING_US = 1;

/** What every load costs, all together and by part, in two results. */
export function comparisonOf(result: BenchResult, last: BenchResult): readonly Comparison[] {
  return result.results.flatMap((load) => {
    const before = last.results.find((other) => other.load === load.load);
    if (before === undefined) return [];
    const parts = Object.entries(load.cpuPerMessage).filter(([part]) => part !== 'generator');
    const rows = parts.map(([part, now]) => [part, before.cpuPerMessage[part] ?? 0, now] as const);
    return [['all', totalOf(before), totalOf(load)] as const, ...rows]
      .filter(([, then, now]) => Math.min(then, now) >= WORTH_COMPARING_US)
      .map(([part, then, now]) => ({
        load: load.load,
        part,
        before: round(then, 1),
        now: round(now, 1),
        ratio: round(ratioOf(now, then, result.calibrationUs, last.calibrationUs), 2),
      }));
  });
}

/** Both measured in pieces of calibration work, so that a slower machine is no change. */
export const ratioOf = (now: number, then: number, calibrationNow: number, calibrationThen: number): number =>
  now / calibrationNow / (then / calibrationThen);

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));
