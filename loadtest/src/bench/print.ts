import { OTHERS_SHARE_DOUBTFUL, othersDoubt } from './others-share.ts';
import { type BenchResult, comparisonOf, type LoadResult, resultName, round, totalOf } from './results.ts';

/** The generator is one thread: near a whole core it would measure itself. */
const GENERATOR_SHARE_MAX = 0.7;

export const isGeneratorTooBusy = ({ generatorShare }: LoadResult): boolean => generatorShare > GENERATOR_SHARE_MAX;

/** For people: the costs and the doubts. */
export function print({ results, doubts }: BenchResult, headline: string): void {
  console.log(headline);
  console.table(
    Object.fromEntries(
      results.map((r) => [
        r.load,
        {
          'a second': r.perSecond,
          ...r.cpuPerMessage,
          'all but the generator': round(totalOf(r), 1),
          'of others': r.othersShare,
        },
      ]),
    ),
  );
  for (const doubt of doubts) console.log(`doubtful: ${doubt}`);
}

/** What has changed since `last`. */
export function printComparison(result: BenchResult, last: BenchResult | undefined): void {
  if (last === undefined) {
    console.log('nothing to compare with: no result of such a machine with these options is kept');
    return;
  }
  console.log(`then: ${resultName(last)}; the ratio is in units of the calibration loop, then and now`);
  const rows = comparisonOf(result, last).map(
    ({ load, part, before, now, ratio }) => [`${load}: ${part}`, { 'µs then': before, 'µs now': now, ratio }] as const,
  );
  console.table(Object.fromEntries(rows));
}

/** What speaks against the figures. */
export function doubtsAbout({ load, generatorShare, othersShare }: LoadResult): readonly string[] {
  const doubts: string[] = [];
  if (generatorShare > GENERATOR_SHARE_MAX) doubts.push(`${load}: the generator took ${generatorShare} of a core`);
  if (othersShare > OTHERS_SHARE_DOUBTFUL) doubts.push(`${load}: ${othersDoubt(othersShare)}`);
  return doubts;
}
