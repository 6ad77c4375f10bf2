import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { classifySqlState } from './classify-error.ts';
import { type Db, DbUnavailableError, type Row, SqlError, type Transaction } from './db.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import type { FromWorker, ToWorker, WorkerInput } from './pglite-protocol.ts';
import { copyTemplate } from './pglite-template.ts';
import { SqlArray } from './sql-array.ts';

export interface PgliteOptions {
  /** Holds `pglite/` and `pglite.lock`. */
  readonly dataDir: string;
  /** The engine ended by itself: nothing will be answered any more. */
  readonly onFailure?: (error: Error) => void;
}

/** Statements that may wait for the one connection. */
const PENDING_MAX = 20_000;
const HOUSEKEEPING_MS = 60_000;
/** PGlite has no checkpointer and no autovacuum (single-user PostgreSQL has neither): the log would grow for ever. */
const CHECKPOINT_WAL_BYTES = 64 * 1024 * 1024;
const VACUUM_MS = 6 * 3_600_000;

type Result = Pick<Extract<FromWorker, { rows: unknown }>, 'rows' | 'command'>;

interface Pending {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

/** PGlite in a worker thread: one connection, so statements run one after another and a transaction keeps the others waiting. */
export class PgliteDb implements Db {
  readonly #worker: Worker;
  readonly #lock: FolderLock;
  readonly #pending = new Map<number, Pending>();
  readonly #housekeeping: NodeJS.Timeout;
  #nextId = 1;
  #queued = 0;
  /** Transactions that run or wait for their turn, and the end of the last of them. */
  #transactions = 0;
  #turn: Promise<void> = Promise.resolve();
  #ended: Error | undefined;
  #closing: Promise<void> | undefined;
  #checkpointLsn = '0/0';
  #vacuumedAtMs = performance.now();

  private constructor(worker: Worker, lock: FolderLock, onFailure?: (error: Error) => void) {
    this.#worker = worker;
    this.#lock = lock;
    worker.on('message', (message: FromWorker) => this.#receive(message));
    const end = (error: Error) => {
      const isFirst = !this.#ended;
      this.#end(error);
      if (isFirst && !this.#closing) onFailure?.(error);
    };
    worker.on('error', end);
    worker.on('exit', (code) => end(new Error(`PGlite ended with ${code}`)));
    this.#housekeeping = setInterval(() => void this.#keepHouse(), HOUSEKEEPING_MS).unref();
  }

  /**
   * Opens the database of a data folder, or makes one.
   * @throws DbLockedError when another process has it, else what PGlite said
   */
  static async open({ dataDir, onFailure }: PgliteOptions): Promise<PgliteDb> {
    mkdirSync(dataDir, { recursive: true });
    const lock = lockFolder(join(dataDir, 'pglite.lock'));
    const workerData: WorkerInput = { folder: join(dataDir, 'pglite') };
    copyTemplate(workerData.folder);
    // Its own flags: a process started with --input-type or a loader must not hand that on.
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData, execArgv: [] });
    const opened = new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`PGlite ended with ${code}`)));
    });
    try {
      await opened;
    } catch (error) {
      // Policy: nothing stays behind, and the caller learns why.
      lock.release();
      throw new Error(`PGlite could not open ${workerData.folder}`, { cause: error });
    }
    return new PgliteDb(worker, lock, onFailure);
  }

  /** Statements that wait for their turn or for their answer. */
  get waiting(): number {
    return this.#queued + this.#pending.size;
  }

  async query<T extends Row>(sql: string, params: readonly unknown[] = []): Promise<readonly T[]> {
    if (this.#transactions > 0) await this.#waitTurn(this.#turn);
    return (await this.#post(sql, params)).rows as readonly T[];
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const turn = this.#turn;
    let finish = () => {};
    this.#turn = new Promise((resolve) => {
      finish = resolve;
    });
    this.#transactions++;
    try {
      await this.#waitTurn(turn);
      return await this.#runTransaction(work);
    } finally {
      this.#transactions--;
      finish();
    }
  }

  async #runTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let isOver = false;
    const tx: Transaction = {
      query: async <R extends Row>(sql: string, params: readonly unknown[] = []) => {
        if (isOver) throw new Error('the transaction is over');
        return (await this.#post(sql, params)).rows as readonly R[];
      },
      // Nothing has a time here.
      patiently: async (sql) => void (await tx.query(sql)),
    };
    await this.#post('begin', []);
    try {
      const result = await work(tx);
      isOver = true;
      // PostgreSQL answers the commit of a failed transaction with a rollback, and calls that a success.
      const { command } = await this.#post('commit', []);
      if (command !== 'COMMIT') throw new SqlError('25P02', 'the transaction had failed before its commit');
      return result;
    } catch (error) {
      // Policy: undo; the first error is the caller's. A worker that is gone has undone everything.
      isOver = true;
      await this.#post('rollback', []).catch(() => {});
      throw error;
    }
  }

  async #waitTurn(turn: Promise<void>): Promise<void> {
    if (this.#queued >= PENDING_MAX) throw new DbUnavailableError('too many statements wait for PGlite');
    this.#queued++;
    await turn;
    this.#queued--;
  }

  #post(sql: string, params: readonly unknown[]): Promise<Result> {
    if (this.#ended) return Promise.reject(new DbUnavailableError('PGlite is closed', { cause: this.#ended }));
    if (this.#pending.size >= PENDING_MAX)
      return Promise.reject(new DbUnavailableError('too many statements wait for PGlite'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const plain = params.map((value) => (value instanceof SqlArray ? value.values : value));
      this.#worker.postMessage({ id, sql, params: plain } satisfies ToWorker);
    });
  }

  #receive(message: FromWorker): void {
    if (!('id' in message)) return;
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if ('rows' in message) pending?.resolve(message);
    else pending?.reject(classifySqlState(message.code, message.message, undefined));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    clearInterval(this.#housekeeping);
    for (const { reject } of this.#pending.values()) reject(new DbUnavailableError('PGlite ended', { cause: error }));
    this.#pending.clear();
    this.#lock.release();
  }

  async #keepHouse(): Promise<void> {
    try {
      const [wal] = await this.query<{ lsn: string; grown: string }>(
        'select l::text as lsn, pg_wal_lsn_diff(l, $1::pg_lsn)::text as grown from pg_current_wal_insert_lsn() l',
        [this.#checkpointLsn],
      );
      if (!wal || Number(wal.grown) < CHECKPOINT_WAL_BYTES) return;
      this.#checkpointLsn = wal.lsn;
      await this.query('checkpoint');
      if (performance.now() - this.#vacuumedAtMs < VACUUM_MS) return;
      this.#vacuumedAtMs = performance.now();
      await this.query('vacuum (analyze)');
    } catch {
      // Policy: housekeeping can wait a round; whoever has real work meets the same error and reports it.
    }
  }

  /** Runs what was asked for before, then ends the worker and frees the folder. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#housekeeping);
    while (this.#transactions > 0) await this.#turn;
    if (this.#ended) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ close: true } satisfies ToWorker);
    await exited;
  }
}
