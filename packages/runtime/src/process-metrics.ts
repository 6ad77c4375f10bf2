import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Health } from './health.ts';
import { type BoundHistogram, type MetricsRegistry, runtimeMetrics } from './metrics.ts';

const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

/** How often it is looked how late a timer comes: a stall shorter than that may be missed, one that matters is not. */
const LOOK_MS = 100;
const MS_PER_SECOND = 1_000;

export interface ProcessMetricsOptions {
  readonly metrics: MetricsRegistry;
  readonly service: string;
  readonly health: Health;
  /** From the signal to the end, whatever is still open. */
  readonly stopMs: number;
  /** When it was asked to stop (performance.now()); undefined while it was not. */
  readonly stoppingSince: () => number | undefined;
}

/** What every process shows of itself. Returns how that ends. */
export function showProcess({ metrics, service, health, stopMs, stoppingSince }: ProcessMetricsOptions): () => void {
  metrics.collectProcessMetrics();
  const own = metrics.register(runtimeMetrics);
  own.build.set(1, { service, version: manifest.version, node: process.version });
  own.stopLimitSeconds.set(stopMs / MS_PER_SECOND);
  const undo = [
    own.ready.track(() => Number(health.readiness().ready)),
    own.stoppingSeconds.track(() => secondsSince(stoppingSince())),
    own.loopActiveSeconds.track(() => performance.eventLoopUtilization().active / MS_PER_SECOND),
    watchLoop(own.loopDelaySeconds),
  ];
  return () => {
    for (const end of undo) end();
  };
}

const secondsSince = (atMs: number | undefined) =>
  atMs === undefined ? 0 : (performance.now() - atMs) / MS_PER_SECOND;

/** prom-client's own percentiles are of the time between two scrapes, whoever scraped: they cannot be added up, nor read by two. */
function watchLoop(delaySeconds: BoundHistogram): () => void {
  let dueMs = performance.now() + LOOK_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    delaySeconds.observe(Math.max(0, nowMs - dueMs) / MS_PER_SECOND);
    dueMs = nowMs + LOOK_MS;
  }, LOOK_MS).unref();
  return () => clearInterval(timer);
}
