import { COPY, KIND, partitionOf, streamOf } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { ArchiveConfig } from '../config.ts';
import type { ArchiveMetrics } from '../metrics.ts';
import { countWaiting, markOverQuota, selectOverQuota } from '../sql/quota.ts';
import type { TailEntry } from '../tail-entry.ts';
import type { OfflinePositions } from './positions.ts';

export interface QuotaOptions {
  readonly stream: number;
  readonly streams: number;
  readonly positions: OfflinePositions;
  readonly db: Db;
  readonly config: Pick<ArchiveConfig, 'offlineMax'>;
  readonly logger: Logger;
  readonly metrics: ArchiveMetrics;
}

const CHECK_EVERY_MS = 1_000;
/** Counted in one round: the rest in the next. */
const CHECKED_MAX = 20;
/** What waits is counted again when so much of the bound has come since. */
const SHARE = 10;
/** Owners whose messages are counted here; beyond it all start at 0 again. */
const COUNTED_MAX = 100_000;
/** Those that are over the bound are looked at again: what waits is erased some day. */
const OVER_EVERY_MS = 60_000;

/**
 * How many messages may wait for one account. The writer goes by a mark of the owner's row, which costs it nothing; this sets and clears
 * it, by counting now and then. So the bound is not exact: a tenth of it, and what comes in two seconds, may be above.
 */
export class Quota {
  readonly #options: QuotaOptions;
  /** Received since they were counted. */
  readonly #since = new Map<string, number>();
  readonly #toCheck = new Set<string>();
  /** Marked; undefined until the database has told. */
  #over: Set<string> | undefined;
  #overCheckedAtMs = 0;
  readonly #timer: NodeJS.Timeout;
  readonly #untrack: () => void;
  #checking: Promise<void> | undefined;

  constructor(options: QuotaOptions) {
    this.#options = options;
    this.#untrack = options.metrics.overQuota.track(() => this.#over?.size ?? 0);
    this.#timer = setInterval(() => this.#start(), CHECK_EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#untrack();
    await this.#checking;
  }

  /** These are written, or refused. */
  written(entries: readonly TailEntry[]): void {
    const step = Math.ceil(this.#options.config.offlineMax / SHARE);
    for (const { envelope } of entries) {
      if (envelope?.kind !== KIND.message || envelope.copy !== COPY.received) continue;
      const count = (this.#since.get(envelope.owner) ?? 0) + 1;
      this.#since.set(envelope.owner, count);
      if (count >= step) this.#toCheck.add(envelope.owner);
    }
    if (this.#since.size > COUNTED_MAX) this.#since.clear();
  }

  /** Less may wait for the user than before. */
  covered(user: string): void {
    if (this.#over?.has(user)) this.#toCheck.add(user);
  }

  /**
   * A session of the user gets what comes from here on: nobody is to see what the archive then refuses.
   * @throws DbUnavailableError
   */
  async lift(user: string): Promise<void> {
    const over = await this.#known();
    if (!over.has(user)) return;
    await markOverQuota(this.#options.db, user, false);
    over.delete(user);
  }

  forget(user: string): void {
    this.#since.delete(user);
    this.#toCheck.delete(user);
    this.#over?.delete(user);
  }

  #start(): void {
    this.#checking ??= this.#check()
      .catch((error: unknown) => {
        // Policy: counted again in the next round; without a database everybody knows that.
        if (!(error instanceof DbUnavailableError))
          this.#options.logger.error({ what: 'quota_check_failed', err: error });
      })
      .finally(() => {
        this.#checking = undefined;
      });
  }

  async #check(): Promise<void> {
    const over = await this.#known();
    const nowMs = performance.now();
    if (nowMs - this.#overCheckedAtMs > OVER_EVERY_MS) {
      this.#overCheckedAtMs = nowMs;
      for (const user of over) this.#toCheck.add(user);
    }
    for (const user of [...this.#toCheck].slice(0, CHECKED_MAX)) {
      this.#toCheck.delete(user);
      this.#since.delete(user);
      await this.#checkOne(user, over);
    }
  }

  async #checkOne(user: string, over: Set<string>): Promise<void> {
    const { positions, db, config } = this.#options;
    // What comes for somebody who is there does not wait, though that is told only now and then.
    const coverage = positions.isOpen(user) ? undefined : await positions.coverageOf(user);
    const isOver =
      coverage !== undefined && (await countWaiting(db, user, coverage, config.offlineMax)) >= config.offlineMax;
    if (isOver === over.has(user)) return;
    await markOverQuota(db, user, isOver);
    if (isOver) over.add(user);
    else over.delete(user);
    // Somebody has come meanwhile.
    if (isOver && positions.isOpen(user)) await this.lift(user);
  }

  async #known(): Promise<Set<string>> {
    const { db, stream, streams } = this.#options;
    this.#over ??= new Set(
      (await selectOverQuota(db)).filter((owner) => streamOf(partitionOf(owner as BareJid), streams) === stream),
    );
    return this.#over;
  }
}
