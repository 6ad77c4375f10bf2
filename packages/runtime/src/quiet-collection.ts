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

/** How long behind a collection V8's memory reducer begins: less than `quietMs`, as each collection makes it wait again. By itself V8 waits 8 s. */
const REDUCER_DELAY_MS = 1_000;

/**
 * Gives memory back when a busy time is over. V8 collects when something is allocated, and gives pages back behind a collection, when it
 * finds little to do (its memory reducer; among them the pages in which objects are born, up to 64 MiB): a process in which nothing happens any more
 * keeps the garbage of its last login storm, twice what its idle sessions need. Returns how it is stopped.
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
    if (!rule.wants(utilization, process.memoryUsage())) return;
    collect();
    collections.inc();
    rule.collected(process.memoryUsage());
    // The collection is no work of the process.
    last = performance.eventLoopUtilization();
  }, quietMs).unref();
  return () => clearInterval(timer);
}

/** Node gives `gc` only by a flag, which it takes while it runs too: a context that is made meanwhile has it. */
function collector(): () => void {
  setFlagsFromString(`--gc-memory-reducer-start-delay-ms=${REDUCER_DELAY_MS}`);
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  if (typeof collect !== 'function') throw new Error('this Node has no gc()');
  return () => void collect();
}
