import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { ArchiveConfig } from '../config.ts';
import type { ArchiveMetrics } from '../metrics.ts';
import type { Partitions } from '../partitions.ts';
import { Pause } from '../pause.ts';
import { eraseEnds, eraseOlder, eraseOwn, erasePassing, selectLongestRetention } from '../sql/retention.ts';

export interface HousekeeperOptions {
  readonly db: Db;
  readonly config: ArchiveConfig;
  readonly partitions: Partitions;
  readonly logger: Logger;
  readonly metrics: ArchiveMetrics;
  /** Whether it is for this process to do it now. */
  readonly isDue: () => boolean;
}

/** Rows that one statement erases, and statements of one kind in one round: the rest is for the next. */
const ERASED_MAX = 2_000;
const PORTIONS_MAX = 200;
/** Between two of them: who writes goes first. */
const PORTION_PAUSE_MS = 50;

/** Makes partitions ahead, drops those whose time is over, and erases what goes before its partition does. */
export class Housekeeper {
  readonly #options: HousekeeperOptions;
  readonly #stopping = new Pause();
  readonly #untrack: () => void;
  #running: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(options: HousekeeperOptions) {
    this.#options = options;
    this.#untrack = options.metrics.partitions.track(() => this.#count);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.close();
    this.#untrack();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { config, logger, isDue } = this.#options;
    for (;;) {
      await this.#stopping.wait(config.housekeepingMs);
      if (this.#stopping.isClosed) return;
      if (!isDue()) continue;
      try {
        await this.#round(Date.now());
      } catch (error) {
        // Policy: the next round does what this one could not; without a database everybody knows that.
        if (!(error instanceof DbUnavailableError)) logger.error({ what: 'housekeeping_failed', err: error });
      }
    }
  }

  async #round(nowMs: number): Promise<void> {
    const { db, config, partitions, metrics } = this.#options;
    const { retentionMs, offlineRetentionMs, keepMs, removalKeepMs } = config;
    await partitions.makeAhead(nowMs);
    const own = await selectLongestRetention(db);
    const isForEver = retentionMs === 0 || own === 0;
    if (!isForEver) {
      const dropped = await partitions.dropBefore(nowMs - Math.max(retentionMs, own ?? 0));
      if (dropped > 0) metrics.partitionsDropped.inc(dropped);
    }
    this.#count = await partitions.count();
    if (own !== undefined) await this.#erase('retention', (max) => eraseOwn(db, nowMs, max));
    // Partitions cannot be dropped for those who keep less than others.
    const isOutlived = own !== undefined && (own === 0 || own > retentionMs);
    if (retentionMs > 0 && isOutlived)
      await this.#erase('retention', (max) => eraseOlder(db, nowMs - retentionMs, max));
    await this.#erase('passing', (max) => erasePassing(db, nowMs - keepMs, nowMs - offlineRetentionMs, max));
    await this.#erase('removals', (max) => eraseEnds(db, nowMs - removalKeepMs, max));
  }

  async #erase(
    what: 'retention' | 'passing' | 'removals',
    portion: (rowsMax: number) => Promise<number>,
  ): Promise<void> {
    for (let i = 0; i < PORTIONS_MAX && !this.#stopping.isClosed; i++) {
      const erased = await portion(ERASED_MAX);
      if (erased > 0) this.#options.metrics.erased.inc(erased, { what });
      if (erased < ERASED_MAX) return;
      await this.#stopping.wait(PORTION_PAUSE_MS);
    }
  }
}
