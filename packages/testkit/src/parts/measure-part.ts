import { PerformanceObserver } from 'node:perf_hooks';
import type { PartLine } from './part-line.ts';

/** A piece of the whole, measured alone. */
export interface Part {
  readonly name: string;
  /** Does it so many times. What it makes must be looked at, else the compiler leaves it out. */
  readonly run: (count: number) => unknown;
  /** A process that it works with, and µs of CPU that this has used so far. */
  readonly beside?: { readonly process: string; readonly cpuUs: () => number };
}

export interface MeasureOptions {
  readonly rounds: number;
  /** Of CPU; a round is at least as long. */
  readonly roundMs: number;
}

export const MEASURE_DEFAULTS: MeasureOptions = { rounds: 5, roundMs: 200 };

const COUNT_FIRST = 64;
/** From one attempt to the next, until a round is long enough. */
const GROWTH_MAX = 8;
const COUNT_MAX = 50_000_000;
/** For the bytes that one allocates: so many must fit into what is new, else fewer are tried. */
const ALLOCATIONS_COUNT = 20_000;
const FEWER = 4;

/** Warms up, then measures round after round. In a process of its own: what else is done counts as well. */
export async function measurePart(part: Part, { rounds, roundMs }: MeasureOptions): Promise<PartLine> {
  const count = await countFor(part, roundMs);
  await part.run(count);
  const [own, beside]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const besideBefore = part.beside?.cpuUs() ?? 0;
    own.push((await cpuOf(part, count)) / count);
    beside.push(((part.beside?.cpuUs() ?? 0) - besideBefore) / count);
  }
  const allocatedBytes = await allocatedBy(part, Math.min(count, ALLOCATIONS_COUNT));
  return {
    part: part.name,
    roundsUs: own,
    ...(part.beside === undefined ? {} : { beside: { process: part.beside.process, roundsUs: beside } }),
    ...(allocatedBytes === undefined ? {} : { allocatedBytes }),
  };
}

/** How many fill a round. Finding that out warms up as well. */
async function countFor(part: Part, roundMs: number): Promise<number> {
  for (let count = COUNT_FIRST; ; ) {
    const tookMs = (await cpuOf(part, count)) / 1_000;
    if (tookMs >= roundMs || count >= COUNT_MAX) return count;
    const growth = Math.min(GROWTH_MAX, Math.max(2, (1.2 * roundMs) / Math.max(tookMs, 1)));
    count = Math.min(COUNT_MAX, Math.ceil(count * growth));
  }
}

async function cpuOf(part: Part, count: number): Promise<number> {
  const before = process.cpuUsage();
  await part.run(count);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/**
 * Bytes that one allocates: how much more there is after some of them, when nothing was collected meanwhile. Undefined without --expose-gc,
 * and when even a few do not fit. Memory that is not V8's (of sockets, of OpenSSL) is not seen.
 */
async function allocatedBy(part: Part, most: number): Promise<number | undefined> {
  const { gc } = globalThis;
  if (gc === undefined) return undefined;
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ['gc'] });
  try {
    for (let count = most; count >= 1; count = Math.floor(count / FEWER)) {
      gc();
      await observed();
      const [collectionsBefore, before] = [collections, usedBytes()];
      await part.run(count);
      const bytes = usedBytes() - before;
      await observed();
      if (collections === collectionsBefore) return Math.max(0, Math.round(bytes / count));
    }
    return undefined;
  } finally {
    observer.disconnect();
  }
}

/** Collections are told in a later turn. */
async function observed(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function usedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
