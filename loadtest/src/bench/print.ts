import { type BenchResult, changeOf, type LoadResult, resultName, round, totalOf } from './results.ts';

/** The generator is one thread: near a whole core it would measure itself. */
const GENERATOR_SHARE_MAX = 0.7;
const OTHERS_SHARE_DOUBTFUL = 0.1;

export const isGeneratorTooBusy = ({ generatorShare }: LoadResult): boolean => generatorShare > GENERATOR_SHARE_MAX;

/** For people: the costs, the doubts, the change since `last`. */
export function print(
  { results, calibrationUs, doubts }: BenchResult,
  last: BenchResult | undefined,
  headline: string,
): void {
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
  if (last === undefined) return;
  console.log(
    `against ${resultName(last)}, in units of the calibration loop (${calibrationUs} µs now, ${last.calibrationUs} µs then)`,
  );
  for (const result of results) {
    const before = last.results.find(({ load }) => load === result.load);
    if (before === undefined) continue;
    const change = (now: number, then: number) =>
      `${(changeOf(now, then, calibrationUs, last.calibrationUs) * 100).toFixed(0)} %`;
    const parts = Object.entries(result.cpuPerMessage)
      .filter(([part, now]) => now >= 1 && (before.cpuPerMessage[part] ?? 0) >= 1)
      .map(([part, now]) => `${part} ${change(now, before.cpuPerMessage[part] ?? 0)}`);
    console.log(`  ${result.load}: ${change(totalOf(result), totalOf(before))} (${parts.join(', ')})`);
  }
}

/** What speaks against the figures. */
export function doubtsAbout({ load, generatorShare, othersShare }: LoadResult): readonly string[] {
  const doubts: string[] = [];
  if (generatorShare > GENERATOR_SHARE_MAX) doubts.push(`${load}: the generator took ${generatorShare} of a core`);
  if (othersShare > OTHERS_SHARE_DOUBTFUL)
    doubts.push(`${load}: other processes took ${Math.round(othersShare * 100)} % of the machine`);
  return doubts;
}
