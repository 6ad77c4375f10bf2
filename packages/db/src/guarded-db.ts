import { type Db, DbUnavailableError, type Row, type Transaction } from './db.ts';

export interface GuardOptions {
  /** A statement without an answer for so long makes the database suspect. */
  readonly patienceMs: number;
  /** What the answer to a probe may take, and the pause between two of them. */
  readonly probeMs: number;
  /** Runs before the first use of the database, and again each time it comes back. */
  readonly prepare: (db: Db) => Promise<void>;
  readonly onChange: (isAway: boolean) => void;
  /** The database answers, but what `prepare` found is none of ours: it is tried again, and meanwhile counts as away. */
  readonly onUnfit: (error: unknown) => void;
}

/** Looks at the oldest statement this often within the patience. */
const LOOKS = 4;

/**
 * A database that is known to be away: then everything is refused at once with DbUnavailableError, instead of each caller finding out for
 * himself, until a probe is answered. Who waits when that is noticed is refused too; what he wanted may still happen.
 */
export class GuardedDb implements Db {
  readonly #db: Db;
  readonly #options: GuardOptions;
  readonly #waiting = new Set<{ readonly sinceMs: number; readonly refuse: (error: Error) => void }>();
  #isAway = false;
  #isStopped = false;
  #suspected: Promise<void> | undefined;
  #suspectedAtMs = 0;
  #look: NodeJS.Timeout | undefined;
  #probe: NodeJS.Timeout | undefined;

  constructor(db: Db, options: GuardOptions) {
    this.#db = db;
    this.#options = options;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Prepares the database; when it is away, that is done as soon as it is back. @throws what `prepare` throws besides */
  async start(): Promise<void> {
    try {
      await this.#options.prepare(this.#db);
    } catch (error) {
      // Policy: who can do without a database starts without.
      if (!(error instanceof DbUnavailableError)) throw error;
      this.#leave();
    }
    // PGlite has no connection to lose: a statement that takes long has many before it.
    if (this.#db.ping === undefined) return;
    this.#look = setInterval(() => this.#lookAtOldest(), this.#options.patienceMs / LOOKS);
    this.#look.unref();
  }

  query<T extends Row>(sql: string, params?: readonly unknown[]): Promise<readonly T[]> {
    return this.#watch(() => this.#db.query<T>(sql, params));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#watch(() => this.#db.transaction(work));
  }

  /** Ends the watching; the database itself belongs to whoever has opened it. */
  async close(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#look);
    clearTimeout(this.#probe);
    await this.#suspected;
  }

  #watch<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isAway) return Promise.reject(away());
    return new Promise<T>((resolve, reject) => {
      const waiting = { sinceMs: performance.now(), refuse: reject };
      this.#waiting.add(waiting);
      run().then(
        (result) => {
          this.#waiting.delete(waiting);
          resolve(result);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          if (error instanceof DbUnavailableError) this.#suspect();
          reject(error);
        },
      );
    });
  }

  #lookAtOldest(): void {
    const [oldest] = this.#waiting;
    const nowMs = performance.now();
    const { patienceMs } = this.#options;
    // One that is slow by itself does not make it suspect at every look.
    if (oldest !== undefined && nowMs - oldest.sinceMs > patienceMs && nowMs - this.#suspectedAtMs > patienceMs)
      this.#suspect();
  }

  /** An error may also tell of two transactions that met, a long wait of a long statement: a probe says which. */
  #suspect(): void {
    if (this.#isAway || this.#isStopped) return;
    this.#suspectedAtMs = performance.now();
    this.#suspected ??= this.#ping()
      .catch((error: unknown) => {
        // Policy: whatever it says, it does not answer.
        if (!this.#isStopped) this.#leave(error);
      })
      .finally(() => {
        this.#suspected = undefined;
      });
  }

  async #ping(): Promise<void> {
    if (this.#db.ping) await this.#db.ping(this.#options.probeMs);
    else await this.#db.query('select 1');
  }

  #leave(cause?: unknown): void {
    this.#isAway = true;
    this.#options.onChange(true);
    const refused = [...this.#waiting];
    this.#waiting.clear();
    for (const { refuse } of refused) refuse(away(cause));
    this.#probeLater();
  }

  #probeLater(): void {
    if (this.#isStopped) return;
    this.#probe = setTimeout(() => {
      this.#suspected = this.#tryReturn().finally(() => {
        this.#suspected = undefined;
      });
    }, this.#options.probeMs);
    this.#probe.unref();
  }

  async #tryReturn(): Promise<void> {
    try {
      await this.#ping();
      await this.#options.prepare(this.#db);
      this.#isAway = false;
      this.#options.onChange(false);
    } catch (error) {
      // Policy: away or not ours, it is asked again.
      if (!(error instanceof DbUnavailableError)) this.#options.onUnfit(error);
      this.#probeLater();
    }
  }
}

const away = (cause?: unknown) => new DbUnavailableError('the database is away', { cause });
