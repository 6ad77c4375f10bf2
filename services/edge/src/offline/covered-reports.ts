import { type Bus, call } from '@starling/bus';
import { type Covered, offline } from '@starling/contracts';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics.ts';

/** In one request. */
const REPORTED_MAX = 2_000;
/** Requests of one stream at a time: one that is answered when it is written must not keep the next one waiting. */
const REQUESTS_MAX = 16;
/** Together they are shorter than who takes a stream over waits for them (STARLING_OFFLINE_TAKEOVER_WAIT). */
const REQUEST_MS = 2_000;
const RETRY_MS = 1_000;

/** Of one stream. */
interface Reports {
  readonly waiting: Covered[];
  requests: number;
  retry: NodeJS.Timeout | undefined;
}

/** Tells the archives what sessions have covered, each report until it is taken; in whatever order, since one does not depend on another. */
export class CoveredReports {
  readonly #bus: Bus;
  readonly #config: Pick<EdgeConfig, 'offlineReportsMax'>;
  readonly #metrics: EdgeMetrics;
  readonly #streams = new Map<number, Reports>();
  readonly #requests = new Set<Promise<void>>();
  readonly #untrack: () => void;
  #isStopping = false;

  constructor(options: { bus: Bus; config: EdgeConfig; metrics: EdgeMetrics }) {
    this.#bus = options.bus;
    this.#config = options.config;
    this.#metrics = options.metrics;
    this.#untrack = options.metrics.offlineReports.track(() => this.#count());
  }

  /** It goes out with the others of this turn: each connection that ends has microtasks of its own. */
  add(stream: number, covered: Covered): void {
    const reports = this.#of(stream);
    if (reports.waiting.length === 0) setImmediate(() => this.#send(stream, reports));
    this.#push(reports, covered);
  }

  /** Sends what there is, once. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const [stream, reports] of this.#streams) {
      clearTimeout(reports.retry);
      reports.retry = undefined;
      this.#send(stream, reports);
    }
    while (this.#requests.size > 0) await Promise.all(this.#requests);
    this.#untrack();
  }

  #of(stream: number): Reports {
    const found = this.#streams.get(stream) ?? { waiting: [], requests: 0, retry: undefined };
    this.#streams.set(stream, found);
    return found;
  }

  #push({ waiting }: Reports, ...covered: readonly Covered[]): void {
    waiting.push(...covered);
    const over = waiting.length - this.#config.offlineReportsMax;
    if (over <= 0) return;
    waiting.splice(0, over);
    this.#metrics.offlineReportsDropped.inc(over);
  }

  /** Reports of the stream that has most of them. */
  get longest(): number {
    let longest = 0;
    for (const { waiting } of this.#streams.values()) longest = Math.max(longest, waiting.length);
    return longest;
  }

  #count(): number {
    let count = 0;
    for (const { waiting } of this.#streams.values()) count += waiting.length;
    return count;
  }

  #send(stream: number, reports: Reports): void {
    while (reports.waiting.length > 0 && reports.requests < REQUESTS_MAX && reports.retry === undefined) {
      const covered = reports.waiting.splice(0, REPORTED_MAX);
      reports.requests++;
      const request = this.#request(stream, covered, reports).finally(() => this.#requests.delete(request));
      this.#requests.add(request);
    }
  }

  async #request(stream: number, covered: readonly Covered[], reports: Reports): Promise<void> {
    try {
      await call(this.#bus, offline.covered(stream), { covered }, REQUEST_MS);
    } catch {
      // Policy: the archive or its database is away; what was told twice is as good as told once.
      this.#push(reports, ...covered);
      if (!this.#isStopping) this.#retryLater(stream, reports);
    }
    reports.requests--;
    if (!this.#isStopping) this.#send(stream, reports);
  }

  #retryLater(stream: number, reports: Reports): void {
    reports.retry ??= setTimeout(() => {
      reports.retry = undefined;
      this.#send(stream, reports);
    }, RETRY_MS);
  }
}
