import { type Db, SqlError } from '@starling/db';
import type { ArchiveConfig } from './config.ts';
import { type Slot, slotFor, slotsBetween } from './slots.ts';
import { createPartition, dropPartition, lockPartitions, selectPartitions } from './sql/partitions.ts';

/** Everybody who reads or writes waits so long at most while a partition is dropped. */
const DROP_WAIT_MS = 1_000;
/** SQLSTATE of a row that no partition takes: check_violation. */
const NO_PARTITION = '23514';

/** The parts of the archive by time: made ahead, and where an entry needs one. */
export class Partitions {
  readonly #db: Db;
  readonly #config: Pick<ArchiveConfig, 'partitionMs' | 'partitionsAhead'>;

  constructor(db: Db, config: Pick<ArchiveConfig, 'partitionMs' | 'partitionsAhead'>) {
    this.#db = db;
    this.#config = config;
  }

  /** Those of now and the near future. @throws DbUnavailableError */
  makeAhead(nowMs: number): Promise<void> {
    const { partitionMs, partitionsAhead } = this.#config;
    return this.#make((known) => slotsBetween(nowMs, nowMs + partitionsAhead * partitionMs, partitionMs, known));
  }

  async count(): Promise<number> {
    return (await selectPartitions(this.#db)).length;
  }

  /**
   * Drops those that hold nothing younger. @returns how many
   * @throws DbUnavailableError when those who read do not let go in time: another time, then
   */
  async dropBefore(beforeMs: number): Promise<number> {
    const old = (await selectPartitions(this.#db)).filter(({ upperMs }) => upperMs <= beforeMs);
    for (const { lowerMs } of old) {
      await this.#db.transaction(async (tx) => {
        await lockPartitions(tx);
        const found = (await selectPartitions(tx)).find((partition) => partition.lowerMs === lowerMs);
        if (found) await dropPartition(tx, found, DROP_WAIT_MS);
      });
    }
    return old.length;
  }

  /**
   * Work that writes these entries. One of a time that nobody has foreseen (a clock that was wrong, a log that waited
   * long) makes its partition: the log must not stop at it.
   */
  async having<T>(entries: readonly { readonly committedAtMs: number }[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Policy: once more with the partitions; any other refusal is the caller's.
      if (!(error instanceof SqlError && error.code === NO_PARTITION)) throw error;
      const timesMs = entries.map((entry) => entry.committedAtMs);
      await this.#make((known) => this.#slotsFor(timesMs, known));
      return work();
    }
  }

  /** For times of which each is to have one. */
  #slotsFor(timesMs: readonly number[], known: readonly Slot[]): readonly Slot[] {
    const missing: Slot[] = [];
    for (const atMs of timesMs) {
      const slot = slotFor(atMs, this.#config.partitionMs, [...known, ...missing]);
      if (slot) missing.push(slot);
    }
    return missing;
  }

  async #make(missing: (known: readonly Slot[]) => readonly Slot[]): Promise<void> {
    if (missing(await selectPartitions(this.#db)).length === 0) return;
    await this.#db.transaction(async (tx) => {
      await lockPartitions(tx);
      for (const slot of missing(await selectPartitions(tx)))
        await createPartition(tx, { ...slot, name: `archive_${slot.lowerMs}` });
    });
  }
}
