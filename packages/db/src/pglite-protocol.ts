import type { Row } from './db.ts';

/** What the worker is given at its start. */
export interface WorkerInput {
  readonly folder: string;
}

/** To the worker: one statement at a time is run, in the order of arrival. */
export type ToWorker =
  | { readonly id: number; readonly sql: string; readonly params: readonly unknown[] }
  | { readonly close: true };

/** From the worker. `command` is what was done: COMMIT or ROLLBACK to a commit. `code` is the SQLSTATE, '' when the engine itself failed. */
export type FromWorker =
  | { readonly opened: true }
  | { readonly closed: true }
  | { readonly id: number; readonly rows: readonly Row[]; readonly command: string }
  | { readonly id: number; readonly code: string; readonly message: string };
