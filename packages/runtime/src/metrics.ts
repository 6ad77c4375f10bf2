import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';

const PREFIX = 'starling_';
/** Each scrape would look at every socket: 250 ms for 5,000 of them, in which the process does nothing else. */
const COSTLY = [
  'process_open_fds',
  ...['handles', 'requests', 'resources'].flatMap((what) => [`nodejs_active_${what}`, `nodejs_active_${what}_total`]),
] as const;

/**
 * prom-client looks how late the loop is by a timer that wakes each process a hundred times a second: a third of what a process costs that
 * has nothing to do. `loopDelaySeconds` below tells the same, and can be added up; so theirs never looks, and is not told.
 */
const LOOP_LOOK_MS = 2 ** 31 - 1;
const LOOP_LOOKS = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map(
  (what) => `nodejs_eventloop_lag_${what}_seconds`,
);

/** Declares one instrument: data, so that docs/metrics.md can be generated and nothing runs at import. */
export interface InstrumentSpec<T extends InstrumentType = InstrumentType, K extends string = string> {
  readonly type: T;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly K[];
  /** All that the labels can be, when it is said: then each combination is there from the start, with 0. */
  readonly values: Readonly<Record<string, readonly string[]>> | undefined;
  readonly buckets: readonly number[];
}
export type InstrumentType = 'counter' | 'gauge' | 'histogram';
export type Instruments = Readonly<Record<string, InstrumentSpec>>;

/** The instruments of one part of the system, declared beside the code that counts. */
export interface MetricsSpec<I extends Instruments = Instruments> {
  readonly specOf: 'metrics';
  readonly instruments: I;
}

/**
 * The labels of an instrument; with what each can be where that is a short list: what is rare is then shown as 0 before it happens, and a
 * rate sees its first step.
 */
export type LabelNames<K extends string> = readonly K[] | Readonly<Record<K, readonly string[]>>;

export type Labels<K extends string> = Readonly<Record<K, string>>;
/** Labels are asked for exactly when the instrument has some. */
type LabelArgs<K extends string> = [K] extends [never] ? [] : [labels: Labels<K>];

export interface BoundCounter {
  inc(by?: number): void;
}
export interface Counter<K extends string = never> {
  inc(by?: number, ...labels: LabelArgs<K>): void;
  /** Adds a source that counts by itself and is asked at each scrape; it must never go back. Returns the undo. */
  track(read: () => number, ...labels: LabelArgs<K>): () => void;
  /** The counter of one set of labels: keep it where the hot path counts; counting is then one addition. */
  with(labels: Labels<K>): BoundCounter;
}
export interface BoundGauge {
  set(value: number): void;
  inc(by?: number): void;
  dec(by?: number): void;
  /** Adds a source that is asked at each scrape: costs nothing in between. Returns the undo. */
  track(read: () => number): () => void;
}
export interface Gauge<K extends string = never> {
  set(value: number, ...labels: LabelArgs<K>): void;
  inc(by?: number, ...labels: LabelArgs<K>): void;
  dec(by?: number, ...labels: LabelArgs<K>): void;
  track(read: () => number, ...labels: LabelArgs<K>): () => void;
  with(labels: Labels<K>): BoundGauge;
}
export interface BoundHistogram {
  observe(value: number): void;
}
export interface Histogram<K extends string = never> {
  observe(value: number, ...labels: LabelArgs<K>): void;
  with(labels: Labels<K>): BoundHistogram;
}

type InstrumentOf<S> =
  S extends InstrumentSpec<'counter', infer K>
    ? Counter<K>
    : S extends InstrumentSpec<'gauge', infer K>
      ? Gauge<K>
      : S extends InstrumentSpec<'histogram', infer K>
        ? Histogram<K>
        : never;

/** What registering a spec gives: one instrument for each declaration. */
export type MetricsOf<S> = S extends MetricsSpec<infer I> ? { readonly [N in keyof I]: InstrumentOf<I[N]> } : never;

/** A count that only grows; its name ends in _total. Labels come from closed sets, never a JID. */
export function counter(name: string, help: string): InstrumentSpec<'counter', never>;
export function counter<const K extends string>(
  name: string,
  help: string,
  labels: LabelNames<K>,
): InstrumentSpec<'counter', K>;
export function counter(name: string, help: string, labels: LabelNames<string> = []): InstrumentSpec<'counter'> {
  return { type: 'counter', name, help, ...labelsOf(labels), buckets: [] };
}

/** A value that goes up and down. */
export function gauge(name: string, help: string): InstrumentSpec<'gauge', never>;
export function gauge<const K extends string>(
  name: string,
  help: string,
  labels: LabelNames<K>,
): InstrumentSpec<'gauge', K>;
export function gauge(name: string, help: string, labels: LabelNames<string> = []): InstrumentSpec<'gauge'> {
  return { type: 'gauge', name, help, ...labelsOf(labels), buckets: [] };
}

/** A distribution; `buckets` are upper bounds, ascending, in the unit that ends the name (_seconds, _bytes). */
export function histogram(name: string, help: string, buckets: readonly number[]): InstrumentSpec<'histogram', never>;
export function histogram<const K extends string>(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: LabelNames<K>,
): InstrumentSpec<'histogram', K>;
export function histogram(
  name: string,
  help: string,
  buckets: readonly number[],
  labels: LabelNames<string> = [],
): InstrumentSpec<'histogram'> {
  return { type: 'histogram', name, help, ...labelsOf(labels), buckets };
}

function labelsOf(labels: LabelNames<string>): Pick<InstrumentSpec, 'labels' | 'values'> {
  if (Array.isArray(labels)) return { labels, values: undefined };
  const values = labels as Readonly<Record<string, readonly string[]>>;
  return { labels: Object.keys(values), values };
}

/** Declares instruments. @throws Error when a name or the buckets are malformed: a mistake of ours. */
export function metricsSpec<const I extends Instruments>(instruments: I): MetricsSpec<I> {
  for (const { type, name, buckets } of Object.values(instruments)) {
    if (!/^starling_[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) throw new Error(`${name} is no name of a metric`);
    if ((type === 'counter') !== name.endsWith('_total'))
      throw new Error(`${name}: counters, and only they, end in _total`);
    const ascending = buckets.every((b, i) => i === 0 || b > (buckets[i - 1] ?? 0));
    if (!ascending || (type === 'histogram' && buckets.length === 0)) throw new Error(`${name}: buckets must ascend`);
  }
  return { specOf: 'metrics', instruments };
}

/** One row of docs/metrics.md. */
export interface MetricRow {
  readonly name: string;
  readonly type: InstrumentType;
  readonly labels: readonly string[];
  /** What the label of that place can be, where it is said. */
  readonly values: readonly (readonly string[])[];
  readonly help: string;
}
export const describeMetrics = (spec: MetricsSpec): readonly MetricRow[] =>
  Object.values(spec.instruments).map(({ name, type, labels, values = {}, help }) => ({
    ...{ name, type, labels, help },
    values: labels.map((label) => values[label] ?? []),
  }));

/** Sets of labels one instrument may have; what comes after that is counted under 'other'. */
const LABEL_SETS_MAX = 200;
const OVERFLOW_LABEL = 'other';

type LabelValues = Readonly<Record<string, string>>;
interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}
interface Child {
  samples(name: string, labels: LabelValues): readonly Sample[];
}

/** What is asked at each scrape. */
class Sources {
  readonly #sources = new Set<{ read: () => number }>();
  /** Returns the undo, which hands `onEnd` the last value. */
  track(read: () => number, onEnd?: (last: number) => void): () => void {
    const source = { read };
    this.#sources.add(source);
    return () => {
      if (this.#sources.delete(source)) onEnd?.(read());
    };
  }
  get sum(): number {
    let sum = 0;
    for (const { read } of this.#sources) sum += read();
    return sum;
  }
}

class CounterChild implements BoundCounter, Child {
  #count = 0;
  /** Made when it is needed: most counters have none. */
  #sources: Sources | undefined;
  inc(by = 1): void {
    this.#count += by;
  }
  track(read: () => number): () => void {
    this.#sources ??= new Sources();
    // A counter does not go back because somebody has ended.
    return this.#sources.track(read, (last) => {
      this.#count += last;
    });
  }
  samples(_name: string, labels: LabelValues): readonly Sample[] {
    return [{ labels, value: this.#count + (this.#sources?.sum ?? 0) }];
  }
}

class GaugeChild implements BoundGauge, Child {
  #value = 0;
  readonly #sources = new Sources();
  set(value: number): void {
    this.#value = value;
  }
  inc(by = 1): void {
    this.#value += by;
  }
  dec(by = 1): void {
    this.#value -= by;
  }
  track(read: () => number): () => void {
    return this.#sources.track(read);
  }
  samples(_name: string, labels: LabelValues): readonly Sample[] {
    return [{ labels, value: this.#value + this.#sources.sum }];
  }
}

class HistogramChild implements BoundHistogram, Child {
  readonly #bounds: Float64Array;
  readonly #counts: Float64Array;
  #sum = 0;
  constructor(bounds: readonly number[]) {
    this.#bounds = Float64Array.from(bounds);
    this.#counts = new Float64Array(bounds.length + 1);
  }
  observe(value: number): void {
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && value > (bounds[i] as number)) i++;
    (this.#counts[i] as number)++;
    this.#sum += value;
  }
  samples(name: string, labels: LabelValues): readonly Sample[] {
    const samples: Sample[] = [];
    let seen = 0;
    this.#counts.forEach((count, i) => {
      seen += count;
      const le = this.#bounds[i] ?? '+Inf';
      samples.push({ metricName: `${name}_bucket`, labels: { le, ...labels }, value: seen });
    });
    samples.push({ metricName: `${name}_sum`, labels, value: this.#sum });
    samples.push({ metricName: `${name}_count`, labels, value: seen });
    return samples;
  }
}

/**
 * Our own cells, read by prom-client at each scrape: its counters hash the labels at each increment (measured: 75 ns against 3,
 * a histogram 45 ns against 7).
 */
class Instrument<C extends Child> {
  readonly spec: InstrumentSpec;
  readonly #make: () => C;
  readonly #children = new Map<string, { labels: LabelValues; child: C }>();
  /** The child of an instrument without labels; it exists from the start, so that a scrape shows 0. */
  readonly #single: C | undefined;
  constructor(spec: InstrumentSpec, make: () => C) {
    this.spec = spec;
    this.#make = make;
    this.#single = spec.labels.length === 0 ? this.#add('', {}) : undefined;
    if (spec.values !== undefined) for (const labels of combinations(spec.values)) this.with(labels);
  }
  with(labels: LabelValues | undefined): C {
    if (this.#single) return this.#single;
    let key = '';
    for (const name of this.spec.labels) key += `${labels?.[name]}\0`;
    const found = this.#children.get(key);
    if (found) return found.child;
    if (this.#children.size < LABEL_SETS_MAX || labels?.[this.spec.labels[0] ?? ''] === OVERFLOW_LABEL) {
      return this.#add(key, Object.fromEntries(this.spec.labels.map((name) => [name, String(labels?.[name])])));
    }
    return this.with(Object.fromEntries(this.spec.labels.map((name) => [name, OVERFLOW_LABEL])));
  }
  #add(key: string, labels: LabelValues): C {
    const child = this.#make();
    this.#children.set(key, { labels, child });
    return child;
  }
  samples(): readonly Sample[] {
    return [...this.#children.values()].flatMap(({ labels, child }) => child.samples(this.spec.name, labels));
  }
}

/** Every set of labels that there can be. */
function combinations(values: Readonly<Record<string, readonly string[]>>): readonly LabelValues[] {
  let sets: readonly LabelValues[] = [{}];
  for (const [label, all] of Object.entries(values))
    sets = sets.flatMap((set) => all.map((value) => ({ ...set, [label]: value })));
  return sets;
}

class CounterInstrument extends Instrument<CounterChild> {
  constructor(spec: InstrumentSpec) {
    super(spec, () => new CounterChild());
  }
  inc(by = 1, labels?: LabelValues): void {
    this.with(labels).inc(by);
  }
  track(read: () => number, labels?: LabelValues): () => void {
    return this.with(labels).track(read);
  }
}
class GaugeInstrument extends Instrument<GaugeChild> {
  constructor(spec: InstrumentSpec) {
    super(spec, () => new GaugeChild());
  }
  set(value: number, labels?: LabelValues): void {
    this.with(labels).set(value);
  }
  inc(by = 1, labels?: LabelValues): void {
    this.with(labels).inc(by);
  }
  dec(by = 1, labels?: LabelValues): void {
    this.with(labels).dec(by);
  }
  track(read: () => number, labels?: LabelValues): () => void {
    return this.with(labels).track(read);
  }
}
class HistogramInstrument extends Instrument<HistogramChild> {
  constructor(spec: InstrumentSpec) {
    super(spec, () => new HistogramChild(spec.buckets));
  }
  observe(value: number, labels?: LabelValues): void {
    this.with(labels).observe(value);
  }
}

function makeInstrument(spec: InstrumentSpec): Instrument<Child> {
  if (spec.type === 'counter') return new CounterInstrument(spec);
  return spec.type === 'gauge' ? new GaugeInstrument(spec) : new HistogramInstrument(spec);
}

/** All instruments of one process. */
export class MetricsRegistry {
  readonly #registry = new Registry();
  readonly #registered = new Map<MetricsSpec, Readonly<Record<string, Instrument<Child>>>>();
  readonly contentType = this.#registry.contentType;

  /** The instruments of a spec; registering it again gives the same ones (embedded mode: services share what they declare). */
  register<S extends MetricsSpec>(spec: S): MetricsOf<S> {
    let instruments = this.#registered.get(spec);
    if (!instruments) {
      const entries = Object.entries(spec.instruments).map(([key, i]) => [key, this.#add(i)] as const);
      instruments = Object.freeze(Object.fromEntries(entries));
      this.#registered.set(spec, instruments);
    }
    // The one cast: fromEntries forgets which key has which instrument; `makeInstrument` made each by its own declaration.
    return instruments as unknown as MetricsOf<S>;
  }

  #add(spec: InstrumentSpec): Instrument<Child> {
    const instrument = makeInstrument(spec);
    // All that prom-client's registry asks of a metric are these (lib/registry.js); its type wants the whole class.
    const metric = {
      name: spec.name,
      get: async () => ({
        name: spec.name,
        help: spec.help,
        type: spec.type,
        aggregator: 'sum',
        values: instrument.samples(),
      }),
    };
    this.#registry.registerMetric(metric as unknown as Metric);
    return instrument;
  }

  /** CPU, memory, event loop lag and garbage collection of this process. Call it once, in a process of one's own. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry, prefix: PREFIX, eventLoopMonitoringPrecision: LOOP_LOOK_MS });
    for (const name of [...COSTLY, ...LOOP_LOOKS]) this.#registry.removeSingleMetric(`${PREFIX}${name}`);
  }

  /** The text that Prometheus scrapes. */
  scrape(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Forgets everything; instruments that were given out count into the void. */
  clear(): void {
    this.#registry.clear();
    this.#registered.clear();
  }
}

/** What every process counts of itself, besides what prom-client collects. */
export const runtimeMetrics = metricsSpec({
  droppedLogLines: counter(
    'starling_runtime_log_lines_dropped_total',
    'Log lines dropped because nobody read them in time',
  ),
  quietCollections: counter(
    'starling_runtime_quiet_collections_total',
    'Garbage collections because the process had become quiet',
  ),
  logLines: counter('starling_runtime_log_lines_total', 'Log lines written, by level', {
    level: ['trace', 'debug', 'info', 'warn', 'error'],
  }),
  build: gauge('starling_build_info', 'Always 1; what runs here', ['service', 'version', 'node']),
  ready: gauge('starling_runtime_ready', 'Whether this process should get traffic, as /readyz says it'),
  stoppingSeconds: gauge(
    'starling_runtime_stopping_seconds',
    'How long this process has been stopping; 0 while nobody has asked it to',
  ),
  stopLimitSeconds: gauge('starling_runtime_stop_limit_seconds', 'After that it ends, whatever is still open'),
  loopDelaySeconds: histogram(
    'starling_runtime_event_loop_delay_seconds',
    'How late a timer came, ten times a second: what everything in this process waits',
    [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  ),
  loopActiveSeconds: counter(
    'starling_runtime_event_loop_active_seconds_total',
    'Time in which the event loop worked: its rate is the use of the one core that this process can have',
  ),
});

/**
 * What of a process has a bound: the label `queue`. A name that ends in _bytes counts bytes, any other one pieces. What begins with session_
 * is of the fullest one of its sessions. Sorted.
 */
export const QUEUES = [
  'archive_pages',
  'archive_pages_waiting',
  'archive_tail_bytes',
  'archive_tail_entries',
  'bus_backlog_bytes',
  'bus_own',
  'bus_requests',
  'db_connections',
  'edge_connections',
  'edge_offline_reports',
  'edge_owed_reports',
  'log_append_bytes',
  'log_appends',
  'presence_contact_loads',
  'presence_held',
  'presence_last_seen',
  'presence_owed',
  'roster_copies',
  'roster_edits',
  'roster_fast_backlog',
  'roster_unsure_edits',
  'session_inbound',
  'session_inbound_bytes',
  'session_send_buffer_bytes',
  'session_sm',
  'session_sm_bytes',
] as const;
export type QueueName = (typeof QUEUES)[number];

export const queueMetrics = metricsSpec({
  used: gauge('starling_queue_used', 'Of a queue, a table or a pool that has a bound: how much of it is in use', [
    'queue',
  ]),
  limit: gauge('starling_queue_limit', 'Its bound: what comes beyond that is refused, dropped or made to wait', [
    'queue',
  ]),
});

export interface BoundedQueue {
  readonly limit: number;
  readonly used: () => number;
}

/** Shows how far these are from their bounds; those that several parts of one process have are added up. Returns the undo. */
export function trackQueues(
  registry: MetricsRegistry,
  queues: Readonly<Partial<Record<QueueName, BoundedQueue>>>,
): () => void {
  const { used, limit } = registry.register(queueMetrics);
  const undo = Object.entries(queues).flatMap(([queue, bounded]) => [
    used.track(bounded.used, { queue }),
    limit.track(() => bounded.limit, { queue }),
  ]);
  return () => {
    for (const end of undo) end();
  };
}
