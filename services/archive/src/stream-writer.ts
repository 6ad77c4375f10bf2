import { type Bus, type Log, type LogReader, StreamRecreatedError } from '@starling/bus';
import type { Position } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import { bounce } from './bounce.ts';
import type { ArchiveConfig } from './config.ts';
import type { ArchiveMetrics } from './metrics.ts';
import { Owners } from './owners.ts';
import { type OwnedStream, openEpoch, takeLease } from './sql/streams.ts';
import { writeBatch } from './sql/write-batch.ts';
import { Tail, type TailEntry } from './tail.ts';
import { judge } from './verdicts.ts';

export interface StreamWriterOptions {
  readonly stream: OwnedStream;
  /** Name of this process in the leases. */
  readonly holder: string;
  readonly db: Db;
  readonly bus: Bus;
  readonly log: Log;
  readonly config: ArchiveConfig;
  readonly logger: Logger;
  readonly metrics: ArchiveMetrics;
}

const READ_MAX = 2_000;
const READ_WAIT_MS = 500;
const WAIT_MS = 500;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 2_000;

/** Why a writer has ended: it was told to, another process has the stream, or the stream is another one now. */
export type WriterEnd = 'stopped' | 'lost' | 'recreated';

/**
 * Turns one stream of the log into rows, in order and each entry once: the watermark moves in the transaction of the rows. Reading and
 * writing are two loops with the tail between them, so that what is committed can be read back while the database is away.
 */
export class StreamWriter {
  readonly stream: number;
  readonly epoch: number;
  readonly tail: Tail;
  readonly #options: StreamWriterOptions;
  readonly #owners: Owners;
  #written: number;
  #leasedUntilMs = 0;
  #end: WriterEnd | undefined;
  /** Users with entries since the last digest, and up to where. */
  #fresh = new Map<string, number>();

  constructor(options: StreamWriterOptions) {
    this.#options = options;
    this.stream = options.stream.stream;
    this.epoch = options.stream.epoch;
    this.#written = options.stream.sequence;
    this.tail = new Tail(options.config.tailBytesMax);
    this.#owners = new Owners(options.config.ownersCachedMax);
  }

  /** Everything up to here is in the database. */
  get written(): Position {
    return { epoch: this.epoch, sequence: this.#written };
  }

  /** Takes what is new since the last call: user → last sequence. */
  takeFresh(): ReadonlyMap<string, number> {
    const fresh = this.#fresh;
    this.#fresh = new Map();
    return fresh;
  }

  stop(): void {
    this.#end ??= 'stopped';
  }

  /** Runs until it is stopped or the stream is not its own any more; what was read is written before a stop. */
  async run(): Promise<WriterEnd> {
    const { log, logger } = this.#options;
    let reader: LogReader | undefined;
    try {
      log.archived(this.stream, this.#written);
      reader = await log.read(this.stream, this.#written + 1);
      await Promise.all([this.#readOn(reader), this.#writeOn()]);
    } catch (error) {
      // Policy: a mistake of ours, or the log is away: the stream is given up and begun again by whoever takes it next.
      this.#end = 'lost';
      logger.error({ what: 'archive_writer_failed', stream: this.stream, err: error });
    } finally {
      await reader?.close();
    }
    return this.#end ?? 'stopped';
  }

  async #readOn(reader: LogReader): Promise<void> {
    try {
      while (this.#end === undefined) {
        if (this.tail.isFull) {
          await this.tail.changed(WAIT_MS);
          continue;
        }
        for (const { envelope, sequence } of this.tail.push(await reader.next(READ_MAX, READ_WAIT_MS))) {
          if (envelope !== undefined) this.#fresh.set(envelope.owner, sequence);
        }
      }
    } catch (error) {
      if (!(error instanceof StreamRecreatedError)) throw error;
      this.#end ??= 'recreated';
    }
  }

  async #writeOn(): Promise<void> {
    const { config } = this.#options;
    let retryMs = RETRY_MIN_MS;
    while (this.#end !== 'lost' && this.#end !== 'recreated') {
      if (this.tail.length === 0) {
        if (this.#end === 'stopped') return;
        await this.#keepLease();
        await this.tail.changed(WAIT_MS);
        continue;
      }
      if (config.lingerMs > 0 && this.tail.length < config.batchRowsMax) await sleep(config.lingerMs);
      try {
        await this.#write(this.tail.oldest(config.batchRowsMax));
        retryMs = RETRY_MIN_MS;
      } catch (error) {
        if (!(error instanceof DbUnavailableError)) throw error;
        // Policy: the database is away. Nothing is lost: the log keeps what is not written; a stop does not wait for it.
        this.#options.metrics.batches.inc(1, { outcome: 'unavailable' });
        if (this.#end === 'stopped') return;
        await sleep(retryMs);
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
      }
    }
  }

  async #write(batch: readonly TailEntry[]): Promise<void> {
    const { db, bus, log, metrics } = this.#options;
    const upTo = batch.at(-1)?.sequence ?? this.#written;
    const startedAt = performance.now();
    await this.#owners.load(db, ownersOf(batch));
    const verdicts = judge(batch, this.epoch, this.#owners.exists);
    const from = { stream: this.stream, epoch: this.epoch, sequence: this.#written };
    if (!(await db.transaction((tx) => writeBatch(tx, from, upTo, verdicts)))) {
      metrics.batches.inc(1, { outcome: 'lost' });
      this.#end = 'lost';
      return;
    }
    this.#owners.changed(verdicts.created, verdicts.deleted);
    this.#written = upTo;
    this.tail.drop(batch.length);
    log.archived(this.stream, upTo);
    for (const envelope of verdicts.bounced) bounce(bus, envelope);
    metrics.batches.inc(1, { outcome: 'written' });
    metrics.batchSeconds.observe((performance.now() - startedAt) / 1_000);
    metrics.rows.inc(verdicts.rows.length);
    metrics.rejected.inc(verdicts.rejected.unknownOwner, { reason: 'unknown_owner' });
    metrics.rejected.inc(verdicts.rejected.unreadable, { reason: 'unreadable' });
    await this.#keepLease();
  }

  /** Renews the lease when half of it is gone. A database that is away cannot give it to anybody else either. */
  async #keepLease(): Promise<void> {
    const { db, config, holder, stream } = this.#options;
    const nowMs = performance.now();
    if (nowMs < this.#leasedUntilMs - config.leaseMs / 2) return;
    try {
      const lease = await takeLease(db, this.stream, holder, config.leaseMs, stream.createdAtMs);
      if (lease === undefined || lease.epoch !== this.epoch) this.#end = 'lost';
      else this.#leasedUntilMs = nowMs + config.leaseMs;
    } catch (error) {
      // Policy: as above; the watermark keeps two writers from doing harm.
      if (!(error instanceof DbUnavailableError)) throw error;
    }
  }
}

const ownersOf = (batch: readonly TailEntry[]): ReadonlySet<string> =>
  new Set(batch.flatMap(({ envelope }) => (envelope === undefined ? [] : [envelope.owner])));

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The stream as this process owns it now, in a new epoch when it is not the one that was written last; undefined: another process has it. */
export async function acquireStream(
  options: Omit<StreamWriterOptions, 'stream'>,
  stream: number,
): Promise<OwnedStream | undefined> {
  const { db, log, config, holder, logger, metrics } = options;
  const { createdAtMs } = await log.info(stream);
  const owned = await takeLease(db, stream, holder, config.leaseMs, createdAtMs);
  if (owned === undefined || owned.createdAtMs === createdAtMs) return owned;
  logger.warn({ what: 'stream_recreated', stream, epoch: owned.epoch + 1 });
  if (!(await openEpoch(db, owned, createdAtMs))) return undefined;
  metrics.epochs.inc();
  return { stream, epoch: owned.epoch + 1, sequence: 0, createdAtMs };
}
