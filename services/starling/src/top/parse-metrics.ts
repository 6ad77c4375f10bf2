/** One sample of what /metrics answers. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
export type Metrics = ReadonlyMap<string, readonly MetricSample[]>;

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

/** Reads the text format of Prometheus, as far as our own processes write it: no time stamps, no exemplars. */
export function parseMetrics(text: string): Metrics {
  const metrics = new Map<string, MetricSample[]>();
  for (const line of text.split('\n')) {
    const [, name, labels = '', number] = LINE.exec(line) ?? [];
    if (name === undefined || line.startsWith('#')) continue;
    const samples = metrics.get(name) ?? [];
    samples.push({ labels: readLabels(labels), value: readNumber(number ?? '') });
    metrics.set(name, samples);
  }
  return metrics;
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(LABEL))
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => ESCAPED[char] ?? char);
  return labels;
}

const INFINITE: Readonly<Record<string, number>> = {
  '+Inf': Number.POSITIVE_INFINITY,
  '-Inf': Number.NEGATIVE_INFINITY,
};

const readNumber = (text: string): number => INFINITE[text] ?? Number(text);

/** All samples of a metric together; undefined when the process has no such metric. */
export function sumOf(metrics: Metrics, name: string, label?: Readonly<Record<string, string>>): number | undefined {
  const samples = metrics.get(name)?.filter((s) => matches(s, label));
  if (samples === undefined || samples.length === 0) return undefined;
  return samples.reduce((sum, { value }) => sum + value, 0);
}

const matches = ({ labels }: MetricSample, wanted: Readonly<Record<string, string>> = {}): boolean =>
  Object.entries(wanted).every(([name, value]) => labels[name] === value);

/**
 * What `share` of the observations between two looks were at or below, as Prometheus's histogram_quantile has it: even within a bucket, and
 * the last finite bound for what is above it. Undefined: there were none.
 */
export function quantileBetween(
  before: Metrics | undefined,
  now: Metrics,
  name: string,
  share: number,
): number | undefined {
  const counts = bucketsOf(now, name);
  const earlier = new Map(before === undefined ? [] : bucketsOf(before, name));
  const buckets = counts.map(([bound, count]) => ({ bound, count: count - (earlier.get(bound) ?? 0) }));
  const total = buckets.at(-1)?.count ?? 0;
  if (total <= 0) return undefined;
  const rank = share * total;
  const at = buckets.findIndex(({ count }) => count >= rank);
  const { bound, count } = buckets[at] ?? { bound: Number.POSITIVE_INFINITY, count: total };
  const below = buckets[at - 1] ?? { bound: 0, count: 0 };
  if (bound === Number.POSITIVE_INFINITY) return below.bound;
  return below.bound + ((bound - below.bound) * (rank - below.count)) / Math.max(1, count - below.count);
}

function bucketsOf(metrics: Metrics, name: string): [bound: number, count: number][] {
  const sums = new Map<number, number>();
  for (const { labels, value } of metrics.get(`${name}_bucket`) ?? []) {
    const bound = readNumber(labels.le ?? '');
    sums.set(bound, (sums.get(bound) ?? 0) + value);
  }
  return [...sums].sort(([a], [b]) => a - b);
}
