import type { Records } from '@starling/bus';
import { ACCOUNT_STATE, type AccountCopy } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import { CopyStore, emptyCopy } from './copy-store.ts';
import type { RosterMetrics } from './metrics.ts';
import { deleteCopyDue, selectCopiesDue } from './sql/copies-due.ts';
import { selectCopies } from './sql/select-copies.ts';

export interface AccountCopiesOptions {
  readonly db: Db;
  readonly records: Records;
  readonly metrics: RosterMetrics;
  readonly logger: Logger;
  readonly sweepMs: number;
  readonly queueMax: number;
  readonly knownMax: number;
  readonly refreshMs: number;
}

/** A login asks four times within a moment, and all of it is answered by one read. Also how old an answer may be. */
const READ_MS = 500;
const READS_MAX = 10_000;
/** Accounts that are copied by one statement. */
const BATCH = 50;
/** Copies that one sweep makes. */
const SWEEP_MAX = 1_000;

interface Read {
  readonly atMs: number;
  readonly copy: Promise<AccountCopy | undefined>;
}

/**
 * Copies of recent accounts outside of the database: written when an account logs in or changes, read while the database is away. What
 * is due is committed together with the change; when that is answered the copy has it, and a crash in between leaves it for a sweep.
 */
export class AccountCopies {
  readonly #options: AccountCopiesOptions;
  readonly #store: CopyStore;
  /** Who has logged in and is to be copied. */
  readonly #queue = new Set<string>();
  readonly #reads = new Map<string, Read>();
  #working: Promise<void> | undefined;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: AccountCopiesOptions) {
    const { records, knownMax, refreshMs, metrics } = options;
    this.#options = options;
    this.#store = new CopyStore(records, { knownMax, refreshMs, metrics });
    metrics.copiesQueued.track(() => this.#queue.size);
  }

  get queued(): number {
    return this.#queue.size;
  }

  start(): void {
    this.#timer = setInterval(() => this.#sweep(), this.#options.sweepMs);
    this.#timer.unref();
    this.#sweep();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await Promise.all([this.#working, this.#sweeping]);
  }

  /**
   * What `read` has from the database; while that is away, what `from` makes of the copy: of undefined when there is no such account.
   * @throws what `read` throws, when there is no copy either; RecordsUnavailableError
   */
  async orCopy<T>(user: string, read: () => Promise<T>, from: (copy: AccountCopy | undefined) => T): Promise<T> {
    try {
      return await read();
    } catch (error) {
      // Policy: the copy answers where the database does not; everything else is the asker's.
      if (!(error instanceof DbUnavailableError)) throw error;
      const copy = await this.get(user);
      const isKnown = copy !== undefined && copy.state !== ACCOUNT_STATE.unknown;
      this.#options.metrics.copiesRead.inc(1, { outcome: isKnown ? 'hit' : 'miss' });
      if (!isKnown) throw error;
      return from(copy.state === ACCOUNT_STATE.exists ? copy : undefined);
    }
  }

  /** The stored copy. @throws RecordsUnavailableError */
  get(user: string): Promise<AccountCopy | undefined> {
    const nowMs = performance.now();
    const before = this.#reads.get(user);
    if (before !== undefined && nowMs - before.atMs < READ_MS) return before.copy;
    this.#reads.delete(user);
    const read = { atMs: nowMs, copy: this.#store.get(user) };
    this.#reads.set(user, read);
    read.copy.catch(() => this.#reads.delete(user)); // Policy: who asked hears of it; the next one asks again
    for (const [oldest, { atMs }] of this.#reads) {
      if (this.#reads.size <= READS_MAX && nowMs - atMs < READ_MS) break;
      this.#reads.delete(oldest);
    }
    return read.copy;
  }

  /** As get, as of now. @throws RecordsUnavailableError */
  getNow(user: string): Promise<AccountCopy | undefined> {
    return this.#store.get(user);
  }

  /** Somebody else has changed the account. */
  drop(user: string): void {
    this.#reads.delete(user);
  }

  /** The connection to the store was lost: it may be another one. */
  clear(): void {
    this.#reads.clear();
    this.#store.forgetAll();
  }

  /** The database is back: what was read is void, what is due can be done. */
  databaseReturned(): void {
    this.#reads.clear();
    this.#sweep();
  }

  /** The account logs in; it is copied soon, unless its copy is as new as it is. */
  noticed(user: string, revision: number): void {
    if (this.#store.has(user, revision)) return;
    if (this.#queue.size >= this.#options.queueMax) {
      this.#options.metrics.copiesDropped.inc();
      return;
    }
    this.#queue.add(user);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /** Behind the commit of changes: when this resolves, copies have them. @throws DbUnavailableError, RecordsUnavailableError */
  async changed(users: readonly string[]): Promise<void> {
    const copies = await selectCopies(this.#options.db, users);
    await Promise.all([...copies.values()].map((copy) => this.#settle(copy)));
  }

  /** Behind the commit of a removal, likewise. */
  removed(user: string, revision: number): Promise<void> {
    return this.#settle(emptyCopy({ user, revision }, ACCOUNT_STATE.removed));
  }

  /**
   * As changed, and tells the log of it: also while the store is away, which must not keep anybody from what is committed.
   * @throws what both throw
   */
  async changedAndTold(user: string, tell: () => Promise<void>): Promise<void> {
    await both(this.changed([user]), tell);
  }

  /** As removed, likewise. */
  async removedAndTold(user: string, revision: number, tell: () => Promise<void>): Promise<void> {
    await both(this.removed(user, revision), tell);
  }

  /** Makes the copies that are still due. */
  #sweep(): void {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #settle(copy: AccountCopy): Promise<void> {
    await this.#store.put(copy);
    this.drop(copy.user);
    await deleteCopyDue(this.#options.db, copy.user, copy.revision);
  }

  async #sweepOnce(): Promise<void> {
    try {
      const due = await selectCopiesDue(this.#options.db, SWEEP_MAX);
      for (const { username, revision, removed } of due) if (removed) await this.removed(username, revision);
      const living = due.filter(({ removed }) => !removed).map(({ username }) => username);
      for (let at = 0; at < living.length && !this.#isStopped; at += BATCH)
        await this.changed(living.slice(at, at + BATCH));
    } catch (error) {
      // Policy: the database or the store is away; what is due waits for the next sweep.
      this.#options.logger.warn({ what: 'account_copy_failed', err: error });
    }
  }

  async #work(): Promise<void> {
    while (this.#queue.size > 0 && !this.#isStopped) {
      const users = [...this.#queue].slice(0, BATCH);
      for (const user of users) this.#queue.delete(user);
      try {
        const copies = await selectCopies(this.#options.db, users);
        await Promise.all([...copies.values()].map((copy) => this.#store.put(copy)));
      } catch (error) {
        // Policy: these users are copied at their next logins.
        this.#options.metrics.copiesDropped.inc(users.length);
        this.#options.logger.warn({ what: 'account_copy_failed', err: error });
      }
    }
  }
}

async function both(copying: Promise<void>, tell: () => Promise<void>): Promise<void> {
  try {
    await copying;
  } finally {
    await tell();
  }
}
