import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import type { MeasureOptions, PartLine } from '@starling/testkit/parts';
import { RESULTS, ratioOf } from '../bench/results.ts';
import { type Spread, spreadOf } from '../peers/figures.ts';

/** What one run of `npm run bench:parts` has found. */
export interface PartsResult {
  readonly at: string;
  readonly commit: string;
  readonly machine: Readonly<Record<'cpu' | 'node', string>> & { readonly cores: number };
  readonly options: MeasureOptions;
  /** µs of CPU for the piece of work of calibrate(), the mean of before and after. */
  readonly calibrationUs: number;
  /** Of the machine, that processes took which are no part of the run. */
  readonly othersShare: number;
  readonly parts: readonly PartLine[];
}

export interface PartRow {
  readonly part: string;
  readonly us: Spread;
  readonly allocatedBytes: number | undefined;
  /** Now divided by then, in pieces of calibration work; undefined without an earlier result of the part. */
  readonly ratio: number | undefined;
}

export const PARTS_SUFFIX = '-parts.json';

/** A part that works with another process has a second row, for that one. */
export function partRows(result: PartsResult, last?: PartsResult): readonly PartRow[] {
  return result.parts.flatMap(({ part, roundsUs, beside, allocatedBytes }) => {
    const then = last?.parts.find((one) => one.part === part);
    const us = spreadOf(roundsUs);
    const ratio =
      then === undefined || last === undefined
        ? undefined
        : ratioOf(us.median, spreadOf(then.roundsUs).median, result.calibrationUs, last.calibrationUs);
    const own = { part, us, allocatedBytes, ratio };
    if (beside === undefined) return [own];
    const title = `${part}: ${beside.process}`;
    return [own, { part: title, us: spreadOf(beside.roundsUs), allocatedBytes: undefined, ratio: undefined }];
  });
}

/** The newest kept one of the same kind of machine, or of any; with the name of its file. */
export function lastPartsResult(
  folder: URL = RESULTS,
  machine?: PartsResult['machine'],
): { readonly file: string; readonly result: PartsResult } | undefined {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith(PARTS_SUFFIX))
    .map((file) => ({ file, result: JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as PartsResult }))
    .filter(({ result }) => machine === undefined || isSame(result.machine, machine))
    .sort((a, b) => b.result.at.localeCompare(a.result.at))[0];
}

/** Of another processor the calibration loop says little. */
const isSame = (a: PartsResult['machine'], b: PartsResult['machine']): boolean =>
  a.cpu === b.cpu && a.cores === b.cores;
