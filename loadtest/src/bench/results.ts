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
export type BenchKind = 'bench' | 'presence';

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

/** The newest kept result that was made with the same options. */
export function lastResult(options: BenchResult['options'], kind: BenchKind): BenchResult | undefined {
  mkdirSync(RESULTS, { recursive: true });
  return readdirSync(RESULTS)
    .filter((name) => name.endsWith(suffixOf(kind)))
    .map((name) => JSON.parse(readFileSync(new URL(name, RESULTS), 'utf8')) as BenchResult)
    .filter((result) => JSON.stringify(result.options) === JSON.stringify(options))
    .sort((a, b) => b.at.localeCompare(a.at))[0];
}

/** All parts together, without the generator. */
export function totalOf({ cpuPerMessage }: LoadResult): number {
  const parts = Object.entries(cpuPerMessage).filter(([part]) => part !== 'generator');
  return parts.reduce((sum, [, cost]) => sum + cost, 0);
}

/** How much dearer a part is than before, both measured in pieces of calibration work: 0.1 = 10 % more. */
export function changeOf(now: number, before: number, calibrationNow: number, calibrationBefore: number): number {
  return now / calibrationNow / (before / calibrationBefore) - 1;
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits));
