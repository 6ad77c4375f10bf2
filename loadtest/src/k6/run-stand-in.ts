import { loadScript, type Scenario } from './scripts.ts';
import { running, samples } from './stand-in/registry.ts';
import { countOf, holds, trendFigure } from './thresholds.ts';

interface Script {
  readonly options: {
    readonly scenarios: Readonly<Record<string, { readonly vus: number }>>;
    readonly thresholds: Readonly<Record<string, readonly string[]>>;
    readonly summaryTrendStats: readonly string[];
  };
  default(): Promise<void>;
  handleSummary(data: unknown): Readonly<Record<string, string>>;
}

export interface MetricSummary {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/**
 * Plays a script of loadtest/k6 in this process, on the part of k6's interface that the scripts use: their one executor, counters, trends,
 * thresholds. It measures as k6 does; what it has not is k6's distribution over machines and its outputs.
 */
export async function runStandIn(
  scenario: Scenario,
  env: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, MetricSummary>>> {
  // What k6 gives to every script.
  Object.assign(globalThis, { __ENV: env });
  const script = (await loadScript(`${scenario}.ts`)) as unknown as Script;
  const startTime = Date.now();
  const vus = Object.values(script.options.scenarios).reduce((sum, { vus: count }) => sum + count, 0);
  const plays = Array.from({ length: vus }, (_, i) => running.run({ vu: i + 1, startTime }, () => script.default()));
  await Promise.all(plays);
  const metrics = summaryOf(script.options);
  const { stdout = '' } = script.handleSummary({ metrics });
  process.stdout.write(stdout);
  return metrics;
}

function summaryOf({ thresholds, summaryTrendStats }: Script['options']): Readonly<Record<string, MetricSummary>> {
  const metrics: Record<string, MetricSummary> = {};
  for (const [name, { kind, values }] of samples) {
    const sorted = [...values].sort((a, b) => a - b);
    const figureOf = (figure: string): number =>
      kind === 'counter' ? (countOf(values)[figure] ?? Number.NaN) : trendFigure(sorted, figure);
    const figures = kind === 'counter' ? ['count'] : summaryTrendStats;
    const rules = thresholds[name] ?? [];
    metrics[name] = {
      values: Object.fromEntries(figures.map((figure) => [figure, figureOf(figure)])),
      thresholds: Object.fromEntries(rules.map((rule) => [rule, { ok: holds(rule, figureOf) }])),
    };
  }
  return metrics;
}
