import { type Db, DbUnavailableError, type Row, type Transaction } from '@starling/db';

const READS = /^\s*(select|with recursive)\b/;

/** A database that a test can take away from one process. */
export class FaultyDb implements Db {
  readonly #real: Db;
  /** `away`: nothing is asked. `mute`: statements are carried out, and their answers lost. `read-only`: what would write is not asked. */
  fault: 'none' | 'away' | 'mute' | 'read-only' = 'none';
  queries = 0;

  constructor(real: Db) {
    this.#real = real;
  }

  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]> {
    if (this.fault === 'read-only' && !READS.test(sql)) return Promise.reject(new DbUnavailableError('read only'));
    return this.#run(() => this.#real.query<T>(sql, params));
  }
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#run(() => this.#real.transaction(work));
  }
  async close(): Promise<void> {}

  async #run<T>(work: () => Promise<T>): Promise<T> {
    this.queries++;
    if (this.fault === 'away') throw new DbUnavailableError('away');
    const result = await work();
    if (this.fault === 'mute') throw new DbUnavailableError('no answer');
    return result;
  }
}
