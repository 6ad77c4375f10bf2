import { AsyncLocalStorage } from 'node:async_hooks';

/** Which virtual user runs, and since when its scenario has (Unix time in ms). */
export interface Now {
  readonly vu: number;
  readonly startTime: number;
}

/** What of k6 belongs to whoever runs: here all virtual users share one process. */
export const running = new AsyncLocalStorage<Now>();

/** All that was added to each metric. */
export const samples = new Map<string, { readonly kind: 'counter' | 'trend'; readonly values: number[] }>();
