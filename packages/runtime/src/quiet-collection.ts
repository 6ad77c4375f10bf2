import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { BoundCounter } from './metrics.ts';
import { QuietRule } from './quiet-rule.ts';

export interface QuietCollectionOptions {
  /** The event loop has to be nearly idle for so long. 0: never. */
  readonly quietMs: number;
  /** A larger heap is left alone: the collection holds everything up for about a millisecond a megabyte. */
  readonly heapMaxBytes: number;
  readonly collections: BoundCounter;
}

/**
 * Gives memory back when a busy time is over. V8 collects when something is allocated, and shrinks its heap some seconds behind a
 * collection (its memory reducer): a process in which nothing happens any more keeps the garbage of its last login storm, twice what
 * its idle sessions need. Returns how it is stopped.
 */
export function collectWhenQuiet({ quietMs, heapMaxBytes, collections }: QuietCollectionOptions): () => void {
  if (quietMs === 0) return () => {};
  const collect = collector();
  const rule = new QuietRule(heapMaxBytes);
  let last = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    if (!rule.wants(utilization, process.memoryUsage().heapUsed)) return;
    collect();
    collections.inc();
    rule.collected(process.memoryUsage().heapUsed);
  }, quietMs).unref();
  return () => clearInterval(timer);
}

/** Node gives `gc` only by a flag, which it takes while it runs too: a context that is made meanwhile has it. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') throw new Error('this Node has no gc()');
  return () => void collect();
}
