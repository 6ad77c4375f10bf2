/** A row as the driver gives it: column → value. bigint columns come as bigint, bytea as Uint8Array. */
export type Row = Record<string, unknown>;

export interface Queryable {
  /**
   * Runs one statement with $1… parameters. Arrays become PostgreSQL arrays, those that are
   * large better as SqlArray. Without parameters the text may hold several
   * statements; the rows are the last one's.
   * @throws DbUnavailableError, SqlError
   */
  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]>;
}

export interface Transaction extends Queryable {
  /** One statement, or several, without parameters, which may take longer than others do. @throws DbUnavailableError, SqlError */
  patiently(sql: string, timeoutMs: number): Promise<void>;
}

/** PostgreSQL, or PGlite in a worker: the same dialect, the same types. */
export interface Db extends Queryable {
  /**
   * Runs work in one transaction: committed when it resolves, rolled back when it rejects. PGlite has one connection: while work
   * runs, everybody else waits, so it must await nothing but `tx`.
   * @throws what work threw, DbUnavailableError (whether the commit happened is then unknown), SqlError
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Whether the server answers, over a connection of its own: the pool may be full of statements that wait. Absent where no connection can be lost.
   * @throws DbUnavailableError after timeoutMs at the latest, SqlError
   */
  readonly ping?: (timeoutMs: number) => Promise<void>;
  close(): Promise<void>;
}

/**
 * The database could not be reached, or did not answer in time, or gave way to another transaction. Everything else that a query
 * throws is a mistake of ours. Nothing here tries again: whoever knows that his statement may be repeated does, and says where.
 */
export class DbUnavailableError extends Error {
  override readonly name = 'DbUnavailableError';
}

/** The database refused a statement. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  /** SQLSTATE, PostgreSQL's appendix A. */
  readonly code: string;
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
