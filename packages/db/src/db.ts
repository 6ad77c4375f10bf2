/** A row as the driver gives it: column → value. bigint columns come as bigint, bytea as Uint8Array. */
export type Row = Record<string, unknown>;

export interface Queryable {
  /** Runs one statement with $1… parameters. Arrays become PostgreSQL arrays. */
  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]>;
}

/** PostgreSQL, or PGlite in a worker: the same dialect, the same types. */
export interface Db extends Queryable {
  /** Runs work in one transaction: committed when it resolves, rolled back when it rejects. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** The database could not be reached, or did not answer in time. Everything else that a query throws is a mistake of ours. */
export class DbUnavailableError extends Error {
  override readonly name = 'DbUnavailableError';
}
