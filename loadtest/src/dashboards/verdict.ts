// What a panel's queries have brought. Pure.
import type { DashboardPanel } from './panels.ts';
import type { Series } from './prometheus.ts';

/** The answers to one query, or why there is none. */
export type QueryResult = { readonly series: readonly Series[] } | { readonly error: string };

export interface PanelVerdict {
  readonly panel: DashboardPanel;
  readonly results: readonly QueryResult[];
  /** Lines with at least one number. */
  readonly lines: number;
  readonly last: number | undefined;
  readonly most: number | undefined;
  /** Undefined: there is something to see. */
  readonly trouble: string | undefined;
}

export function judge(panel: DashboardPanel, results: readonly QueryResult[]): PanelVerdict {
  const errors = results.flatMap((result) => ('error' in result ? [result.error] : []));
  const series = results.flatMap((result) => ('series' in result ? result.series : []));
  const shown = series.map(numbersOf).filter((numbers) => numbers.length > 0);
  const all = shown.flat();
  const trouble = errors[0] ?? (shown.length === 0 ? 'empty' : undefined);
  return {
    ...{ panel, results, trouble, lines: shown.length },
    last: shown[0]?.at(-1),
    most: all.length === 0 ? undefined : all.reduce((most, value) => Math.max(most, value)),
  };
}

/** NaN is what Prometheus answers for a quantile of nothing: Grafana shows a gap. */
export const numbersOf = ({ points }: Series): readonly number[] =>
  points.map(({ value }) => value).filter((value) => Number.isFinite(value));

/** What a series is called: {{label}} of its legend replaced. */
export const nameOf = (legend: string, { labels }: Series): string =>
  legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '');
