/** Units as Grafana names them. */
export type Unit = 's' | 'bytes' | 'binBps' | 'percentunit' | 'reqps' | 'short' | 'none' | 'd';

export interface Query {
  /** PromQL; NS stands for the selector of the namespaces that are looked at. */
  readonly expr: string;
  /** How a series is called; {{label}} stands for the value of a label. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  /** What it shows, and what a bad value means: for somebody who sees it the first time. */
  readonly about: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** One number instead of lines. */
  readonly stat?: true;
  /** From there it is yellow, from there red; falling: the other way round. */
  readonly thresholds?: readonly [yellow: number, red: number];
  readonly stacked?: true;
  readonly max?: number;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export interface Dashboard {
  /** File and uid: starling-<name>. */
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly rows: readonly Row[];
}

/** The same quantiles everywhere, of a histogram that has other labels besides. */
export const quantiles = (metric: string, selector = 'NS', by = ''): readonly Query[] =>
  [0.5, 0.99].map((quantile) => ({
    expr: `histogram_quantile(${quantile}, sum by (${by === '' ? 'le' : `${by}, le`}) (rate(${metric}_bucket{${selector}}[$__rate_interval])))`,
    legend: `${by === '' ? '' : `{{${by}}} `}p${quantile * 100}`,
  }));

/** A counter a second, added up by one label. */
export const rateBy = (metric: string, by: string, selector = 'NS'): Query => ({
  expr: `sum by (${by}) (rate(${metric}{${selector}}[$__rate_interval]))`,
  legend: by
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' '),
});

export const rate = (metric: string, legend: string, selector = 'NS'): Query => ({
  expr: `sum(rate(${metric}{${selector}}[$__rate_interval]))`,
  legend,
});

export const sum = (metric: string, legend: string, selector = 'NS'): Query => ({
  expr: `sum(${metric}{${selector}})`,
  legend,
});
