import { type Bus, type Log, RpcError, type Subscription, serve } from '@starling/bus';
import { encodeDigest, archive as methods, queues, subjects } from '@starling/contracts';
import { type Db, DbUnavailableError, migrate } from '@starling/db';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import { Answers } from './answers.ts';
import type { ArchiveConfig } from './config.ts';
import { type ArchiveMetrics, archiveMetrics } from './metrics.ts';
import { dropLease } from './sql/streams.ts';
import { acquireStream, StreamWriter } from './stream-writer.ts';
import { Trimmer } from './trimmer.ts';

export interface ArchiveOptions {
  /** Name of this process, unique in the cluster and new at each start. */
  readonly id: string;
  readonly db: Db;
  readonly bus: Bus;
  readonly log: Log;
  readonly config: ArchiveConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface Archive {
  stop(): Promise<void>;
}

/** Brings the archive's tables up to date. Before recentLogState, and at each start. */
export async function migrateArchive(db: Db): Promise<void> {
  await migrate(db, 'archive', new URL('./migrations/', import.meta.url));
}

/**
 * Writes the logs to the database and answers for them. Every process tries for every stream; the lease of a stream decides who
 * writes it. When this resolves, each stream has been tried for once.
 */
export async function startArchive(options: ArchiveOptions): Promise<Archive> {
  const metrics = options.metrics.register(archiveMetrics);
  await migrateArchive(options.db);
  const keepers = Array.from(
    { length: options.log.streams },
    (_, stream) => new StreamKeeper(stream, options, metrics),
  );
  await Promise.all(keepers.map((keeper) => keeper.start()));
  return { stop: async () => void (await Promise.all(keepers.map((keeper) => keeper.stop()))) };
}

/** Tries for one stream for ever, and serves it while this process owns it. */
class StreamKeeper {
  readonly #stream: number;
  readonly #options: ArchiveOptions;
  readonly #metrics: ArchiveMetrics;
  readonly #publisher: string;
  #digests = 0;
  #writer: StreamWriter | undefined;
  #stopping = false;
  #wake: () => void = () => undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(stream: number, options: ArchiveOptions, metrics: ArchiveMetrics) {
    this.#stream = stream;
    this.#options = options;
    this.#metrics = metrics;
    this.#publisher = options.id;
  }

  async start(): Promise<void> {
    const first = await this.#acquire();
    this.#running = this.#keep(first);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#writer?.stop();
    this.#wake();
    await this.#running;
  }

  async #keep(first: StreamWriter | undefined): Promise<void> {
    let writer = first;
    while (!this.#stopping) {
      if (writer === undefined) await this.#pause(this.#options.config.leaseMs / 4);
      else await this.#serve(writer);
      if (!this.#stopping) writer = await this.#acquire();
    }
  }

  async #acquire(): Promise<StreamWriter | undefined> {
    const { id, ...rest } = this.#options;
    const options = { ...rest, holder: id, metrics: this.#metrics };
    try {
      const owned = await acquireStream(options, this.#stream);
      return owned && new StreamWriter({ ...options, stream: owned });
    } catch (error) {
      // Policy: the database or the log is away: try again; the log keeps what comes meanwhile.
      if (!(error instanceof DbUnavailableError))
        this.#options.logger.warn({ what: 'stream_acquire_failed', stream: this.#stream, err: error });
      return undefined;
    }
  }

  /** Owns the stream until the writer ends: rows, answers, digests, trimming. */
  async #serve(writer: StreamWriter): Promise<void> {
    const { bus, db, config, logger } = this.#options;
    const metrics = this.#metrics;
    this.#writer = writer;
    const answers = new Answers({ writer, db, config, metrics });
    const onError = (error: unknown, subject: string) =>
      logger.error({ what: 'request_handling_failed', subject, err: error });
    const subscriptions: Subscription[] = [
      serve(bus, methods.gap(this.#stream), queues.archive, (request) => orWait(answers.gap(request)), onError),
      serve(bus, methods.last(this.#stream), queues.archive, ({ known }) => orWait(answers.last(known)), onError),
    ];
    const untrack = [
      metrics.owned.track(() => 1),
      metrics.tailEntries.track(() => writer.tail.length),
      metrics.tailBytes.track(() => writer.tail.bytes),
    ];
    const digests = setInterval(() => this.#publishDigest(writer), config.digestMs);
    const trims = this.#startTrimming(writer);
    logger.info({ what: 'stream_acquired', stream: this.#stream, epoch: writer.epoch, from: writer.written.sequence });
    if (this.#stopping) writer.stop();
    const end = await writer.run();
    clearInterval(digests);
    clearInterval(trims);
    for (const undo of untrack) undo();
    for (const subscription of subscriptions) subscription.unsubscribe();
    this.#writer = undefined;
    logger.info({ what: 'stream_released', stream: this.#stream, end });
    if (end === 'stopped') await this.#giveBack();
  }

  async #giveBack(): Promise<void> {
    try {
      await dropLease(this.#options.db, this.#stream, this.#options.id);
    } catch (error) {
      // Policy: the lease runs out by itself.
      this.#options.logger.warn({ what: 'lease_release_failed', stream: this.#stream, err: error });
    }
  }

  #publishDigest(writer: StreamWriter): void {
    const { epoch, stream } = writer;
    const last = [...writer.takeFresh()].map(([user, sequence]) => ({ user, position: { epoch, sequence } }));
    const digest = { stream, counter: ++this.#digests, epoch, last, publisher: this.#publisher };
    this.#options.bus.publish(subjects.digest(stream), encodeDigest(digest));
  }

  #startTrimming(writer: StreamWriter): NodeJS.Timeout {
    const { log, config, logger } = this.#options;
    const trimmer = new Trimmer(config.keepInLogMs);
    return setInterval(() => {
      const before = trimmer.look(performance.now(), writer.written.sequence);
      if (before === 0) return;
      log.trim(this.#stream, before).catch((error: unknown) => {
        // Policy: what is not trimmed now is trimmed at the next look.
        logger.warn({ what: 'log_trim_failed', stream: this.#stream, err: error });
      });
    }, config.trimMs);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The one boundary where a database that is away becomes an answer. */
async function orWait<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof DbUnavailableError
      ? new RpcError('resource-constraint', 'not now', { cause: error })
      : error;
  }
}
