import { Session } from 'node:inspector';
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
  /** A larger one is collected once, and not thoroughly: that takes several times as long. */
  readonly thoroughMaxBytes: number;
  readonly collections: BoundCounter;
}

/** How long behind a collection V8's memory reducer begins: less than `quietMs`, as each collection makes it wait again. By itself V8 waits 8 s. */
const REDUCER_DELAY_MS = 1_000;

/**
 * Gives memory back when a busy time is over. V8 collects when something is allocated, and so a process in which nothing happens any more keeps the
 * garbage of its last login storm, twice what its idle sessions need. Returns how it is stopped.
 */
export function collectWhenQuiet(options: QuietCollectionOptions): () => void {
  const { quietMs, heapMaxBytes, thoroughMaxBytes, collections } = options;
  if (quietMs === 0) return () => {};
  const collectOnce = collector();
  const rule = new QuietRule(heapMaxBytes);
  let last = performance.eventLoopUtilization();
  let isCollecting = false;
  const collected = () => {
    isCollecting = false;
    collections.inc();
    rule.collected(process.memoryUsage());
    // The collection is no work of the process.
    last = performance.eventLoopUtilization();
  };
  const timer = setInterval(() => {
    if (isCollecting) return;
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    const memory = process.memoryUsage();
    if (!rule.wants(utilization, memory)) return;
    isCollecting = true;
    if (memory.heapUsed <= thoroughMaxBytes) collectThoroughly(collected);
    else {
      collectOnce();
      collected();
    }
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

/**
 * What V8 does when memory is short: two collections at least, and the pages in which objects are born, up to 64 MiB, are given back, which those of
 * `gc()` keep. Node has it for its inspector only. No port is opened, and nobody can connect. It runs in a later turn.
 */
function collectThoroughly(done: () => void): void {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.collectGarbage', () => {
    // Not from within: Node 20 waits for itself then, for ever.
    setImmediate(() => session.disconnect());
    done();
  });
}
