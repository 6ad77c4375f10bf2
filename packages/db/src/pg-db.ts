import pg from 'pg';
import { classifySqlState } from './classify-error.ts';
import { type Db, DbUnavailableError, type Row, SqlError, type Transaction } from './db.ts';
import { SqlArray } from './sql-array.ts';
import { StatementNames } from './statement-names.ts';

export interface PgOptions {
  readonly url: string;
  readonly poolSize: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Statements that a connection remembers; 0: none. */
  readonly preparedMax: number;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** A connection was lost while nobody used it. */
  readonly onIdleError?: (error: Error) => void;
}

const IDLE_MS = 20_000;
const IDLE_IN_TRANSACTION_MS = 60_000;
/** Beyond the server's own statement timeout: a peer that has vanished says nothing at all. */
const SILENCE_MS = 2_000;

const { builtins } = pg.types;
const INT8_ARRAY = 1016;
const BYTEA_ARRAY = 1001;
/** Numbers of types that the driver's own list does not name. */
const TEXT_ARRAY = 1009 as number as typeof builtins.TEXT;

/** bytea without Node's own subclass, so that both engines give the same. */
const toBytes = (hex: string) => {
  const buffer = Buffer.from(hex.slice(2), 'hex');
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
};
const mapArray =
  <T>(map: (text: string) => T) =>
  (text: string): unknown[] =>
    (pg.types.getTypeParser(TEXT_ARRAY)(text) as (string | null)[]).map((item) => (item === null ? null : map(item)));

const PARSERS: ReadonlyMap<number, (text: string) => unknown> = new Map<number, (text: string) => unknown>([
  [builtins.INT8, BigInt],
  [INT8_ARRAY, mapArray(BigInt)],
  [builtins.BYTEA, toBytes],
  [BYTEA_ARRAY, mapArray(toBytes)],
]);
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' && PARSERS.get(oid)) || pg.types.getTypeParser(oid, format),
} as pg.CustomTypesConfig;

/** What the driver threw, as one of ours. */
function classify(error: unknown): Error {
  if (error instanceof pg.DatabaseError) return classifySqlState(error.code ?? '', error.message, error);
  // A value that cannot be written as a parameter, or a handler's own mistake.
  if (error instanceof TypeError || error instanceof RangeError) return error;
  if (error instanceof SqlError || error instanceof DbUnavailableError) return error;
  // The rest the driver throws as plain errors: refused, reset, timed out, closed.
  return new DbUnavailableError(error instanceof Error ? error.message : String(error), { cause: error });
}

async function run<T extends Row>(
  client: pg.Pool | pg.PoolClient,
  sql: string,
  params?: readonly unknown[],
  names?: StatementNames,
): Promise<readonly T[]> {
  try {
    if (params && params.length > 0) {
      const values = params.map((value) => (value instanceof SqlArray ? value.encode() : value));
      const name = names?.of(sql);
      return (await client.query<T>(name === undefined ? { text: sql, values } : { name, text: sql, values })).rows;
    }
    const result = (await client.query<T>(sql)) as pg.QueryResult<T> | pg.QueryResult<T>[];
    return (Array.isArray(result) ? result.at(-1) : result)?.rows ?? [];
  } catch (error) {
    // Policy: the caller decides by the kind of error.
    throw classify(error);
  }
}

async function runPatiently(client: pg.PoolClient, text: string, timeoutMs: number): Promise<void> {
  await run(client, `set local statement_timeout = ${timeoutMs}`);
  try {
    await client.query({ text, query_timeout: timeoutMs + SILENCE_MS } as pg.QueryConfig);
  } catch (error) {
    // Policy: as for any statement.
    throw classify(error);
  }
}

/** PostgreSQL by a pool. Connects when first asked: an absent server is no reason not to start. */
export class PgDb implements Db {
  readonly #pool: pg.Pool;
  readonly #options: PgOptions;
  readonly #names: StatementNames;

  constructor(options: PgOptions) {
    this.#options = options;
    this.#names = new StatementNames(options.preparedMax);
    this.#pool = new pg.Pool({
      connectionString: options.url,
      max: options.poolSize,
      connectionTimeoutMillis: options.connectTimeoutMs,
      idleTimeoutMillis: IDLE_MS,
      statement_timeout: options.statementTimeoutMs,
      query_timeout: options.statementTimeoutMs + SILENCE_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      keepAlive: true,
      application_name: options.applicationName,
      types,
    });
    this.#pool.on('error', (error) => options.onIdleError?.(error));
    // A connection that is lost between two statements of a transaction says so here as well; the next statement reports it.
    this.#pool.on('connect', (client) => void client.on('error', () => {}));
  }

  /** Statements that wait for a connection. */
  get waiting(): number {
    return this.#pool.waitingCount;
  }

  /** Connections that are open, and those of them that nobody uses. */
  get connections(): { readonly open: number; readonly idle: number } {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount };
  }

  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]> {
    return run(this.#pool, sql, params, this.#names);
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    // A connection whose transaction did not end cleanly is thrown away: nobody must inherit it.
    let spoilt: Error | undefined;
    try {
      await run(client, 'begin');
      const result = await work({
        query: (sql, params) => run(client, sql, params, this.#names),
        patiently: (sql, timeoutMs) => runPatiently(client, sql, timeoutMs),
      });
      await commit(client);
      return result;
    } catch (error) {
      // Policy: undo, and the caller gets the first error.
      spoilt = error instanceof DbUnavailableError ? error : await rollback(client);
      throw error;
    } finally {
      client.release(spoilt);
    }
  }

  readonly ping = async (timeoutMs: number): Promise<void> => {
    const { url, applicationName } = this.#options;
    const timeouts = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
    const client = new pg.Client({ connectionString: url, application_name: applicationName, ...timeouts });
    client.on('error', () => {}); // Policy: what is lost while it is asked, the question tells.
    try {
      await client.connect();
      await client.query('select 1');
    } catch (error) {
      // Policy: as for a statement.
      throw classify(error);
    } finally {
      // Whoever does not answer says no goodbye either.
      void client.end().catch(() => {});
    }
  };

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      // Policy: as for a statement.
      throw classify(error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}

async function commit(client: pg.PoolClient): Promise<void> {
  try {
    const { command } = await client.query('commit');
    // PostgreSQL answers the commit of a failed transaction with a rollback, and calls that a success.
    if (command !== 'COMMIT') throw new SqlError('25P02', 'the transaction had failed before its commit');
  } catch (error) {
    // Policy: the caller decides by the kind of error.
    throw classify(error);
  }
}

async function rollback(client: pg.PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback');
    return undefined;
  } catch (error) {
    // Policy: the connection goes, and with it the transaction.
    return classify(error);
  }
}
