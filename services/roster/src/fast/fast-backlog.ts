import type { FastTokens } from '@starling/contracts';
import type { Db } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { RosterMetrics } from '../metrics.ts';
import { upsertFastTokens } from '../sql/fast-tokens.ts';

export interface FastBacklogOptions {
  readonly db: Db;
  readonly metrics: RosterMetrics;
  readonly logger: Logger;
  /** Accounts that wait. */
  readonly max: number;
  /** How soon it is tried again when the database is away. */
  readonly retryMs: number;
}

/** Accounts that are written by one statement. */
const BATCH = 200;

/** Writes tokens to the database behind the records, many at once: no login waits for that. */
export class FastBacklog {
  readonly #options: FastBacklogOptions;
  /** What is to be written, by user; the one that waits longest first. */
  readonly #waiting = new Map<string, FastTokens>();
  #working: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: FastBacklogOptions) {
    this.#options = options;
    options.metrics.fastBacklog.track(() => this.#waiting.size);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  add(tokens: FastTokens): void {
    this.#keep(tokens);
    this.#start();
  }

  /** The password is another one: what waits is void. */
  forget(user: string): void {
    this.#waiting.delete(user);
  }

  /** Writes what waits, if the database takes it now. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    await (this.#working ?? this.#work());
  }

  #keep(tokens: FastTokens): void {
    const known = this.#waiting.get(tokens.user);
    if (known !== undefined && known.version >= tokens.version) return;
    if (known === undefined && this.#waiting.size >= this.#options.max) {
      this.#options.metrics.fastBacklogDropped.inc();
      return;
    }
    this.#waiting.set(tokens.user, tokens);
  }

  #start(): void {
    if (this.#isStopped || this.#retry !== undefined) return;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  async #work(): Promise<void> {
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting.values()].slice(0, BATCH);
      for (const { user } of batch) this.#waiting.delete(user);
      try {
        await upsertFastTokens(this.#options.db, batch);
      } catch (error) {
        // Policy: the records hold; they are written when the database is back.
        for (const tokens of batch) this.#keep(tokens);
        this.#options.logger.warn({ what: 'fast_tokens_write_failed', err: error });
        if (!this.#isStopped) this.#retryLater();
        return;
      }
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#start();
    }, this.#options.retryMs);
    this.#retry.unref();
  }
}
