import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import { Pause } from './pause.ts';
import { giveUpLeases, takeLeases } from './sql/take-leases.ts';

export interface OwnershipOptions {
  readonly db: Db;
  readonly streams: number;
  /** Unique among archives. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly logger: Logger;
  /** Makes the tables; rejects with DbUnavailableError until they are there. */
  readonly prepare: () => Promise<void>;
  /** The streams that this process archives now. */
  readonly onChange: (streams: ReadonlySet<number>) => Promise<void>;
  readonly onAnswer: () => void;
}

const RENEWALS_A_LEASE = 3;

/**
 * Which streams this process archives: a lease for each in the database, renewed three times in its life. Who takes it over starts from
 * the watermark, and the watermark decides between two who both believe they have it, so a late one does no harm. The first of
 * several processes takes all streams; the next ones wait until it ends (membership with fair shares comes with the owners package).
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #stopping = new Pause();
  #running: Promise<void> = Promise.resolve();
  #held: ReadonlySet<number> | undefined;

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  /** Resolves after the first attempt. */
  async start(): Promise<void> {
    await this.#renew();
    this.#running = this.#run();
  }

  /** Lets the others have the streams at once. Call it when they are written. */
  async stop(): Promise<void> {
    this.#stopping.close();
    await this.#running;
    try {
      await giveUpLeases(this.#options.db, this.#options.holder);
    } catch (error) {
      // Policy: then they expire.
      this.#options.logger.warn({ what: 'archive_lease_failed', err: error });
    }
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#stopping.wait(this.#options.leaseMs / RENEWALS_A_LEASE);
      if (this.#stopping.isClosed) return;
      await this.#renew();
    }
  }

  async #renew(): Promise<void> {
    const { db, streams, holder, leaseMs, logger, prepare, onChange, onAnswer } = this.#options;
    let held: ReadonlySet<number>;
    try {
      await prepare();
      held = new Set(await takeLeases(db, streams, holder, leaseMs));
      onAnswer();
    } catch (error) {
      // Policy: nobody can take a lease now, so all keep what they have; who has just started reads everything, to be of use.
      if (!(error instanceof DbUnavailableError)) logger.error({ what: 'archive_lease_failed', err: error });
      held = this.#held ?? new Set(Array.from({ length: streams }, (_, stream) => stream));
    }
    this.#held = held;
    await onChange(held);
  }
}
