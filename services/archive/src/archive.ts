import { randomBytes } from 'node:crypto';
import { type Bus, type Log, MemoryLog, type Records, type Subscription, serve } from '@starling/bus';
import {
  bulk as bulkMethods,
  archive as methods,
  offline as offlineMethods,
  queues,
  retention,
} from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { OwnersConfig } from '@starling/owners';
import { type Logger, type MetricsRegistry, trackQueues } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import { Bulk } from './bulk.ts';
import type { ArchiveConfig } from './config.ts';
import { GapReads } from './gap.ts';
import { archiveMetrics } from './metrics.ts';
import type { Span } from './offline/coverage.ts';
import { isKnownEmptyAhead } from './offline/known-empty.ts';
import { OfflineReads } from './offline/offline-reads.ts';
import { OfflinePositions } from './offline/positions.ts';
import { Quota } from './offline/quota.ts';
import { Ownership } from './ownership.ts';
import { Pages } from './pages.ts';
import { Partitions } from './partitions.ts';
import { prepareTables } from './prepare-tables.ts';
import { Housekeeper } from './retention/housekeeper.ts';
import { setRetention } from './retention/set-retention.ts';
import { StreamArchive } from './stream-archive.ts';
import type { Tail } from './tail.ts';
import type { TailEntry } from './tail-entry.ts';
import { Turns } from './turns.ts';

export interface ArchiveOptions {
  /** Unique among archives. */
  readonly id: string;
  readonly db: Db;
  readonly bus: Bus;
  /** Where heartbeats go: a connection of their own, so that they never wait behind a burst of anything else. Default: `bus`. */
  readonly beats?: Bus;
  readonly log: Log;
  readonly records: Records;
  readonly config: ArchiveConfig;
  readonly owners: OwnersConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** What is done about the tables before their first use. Default: they are brought up to date. */
  readonly prepare?: (db: Db) => Promise<unknown>;
}

export interface Archive {
  /** The streams that it archives now. */
  readonly streams: ReadonlySet<number>;
  /** Writes what it has read, and lets others take over. */
  stop(): Promise<void>;
}

interface Running {
  readonly archive: StreamArchive;
  readonly positions: OfflinePositions;
  readonly quota: Quota;
  readonly subscriptions: readonly Subscription[];
}

const PUBLISHER_BYTES = 8;

/**
 * Writes the logs to the database and answers for them. Resolves when it serves what it can; an absent database is waited for in the
 * background, save with a log in this process, which acknowledges nothing before the archive has it.
 * @throws ArchiveError when the database belongs to a log with another number of streams, MigrationError, RecordsUnavailableError when the
 * group could not be joined
 */
export async function startArchive(options: ArchiveOptions): Promise<Archive> {
  const archive = new ArchiveProcess(options);
  await archive.start();
  return archive;
}

class ArchiveProcess implements Archive {
  readonly #options: ArchiveOptions;
  readonly #metrics;
  readonly #publisher = randomBytes(PUBLISHER_BYTES).toString('hex');
  readonly #running = new Map<number, Running>();
  readonly #isLogHere: boolean;
  readonly #turns: Turns;
  readonly #untrack: () => void;
  readonly #partitions: Partitions;
  readonly #housekeeper: Housekeeper;
  #prepared: Promise<void> | undefined;
  #ownership: Ownership | undefined;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#metrics = options.metrics.register(archiveMetrics);
    this.#isLogHere = options.log instanceof MemoryLog;
    this.#partitions = new Partitions(options.db, options.config);
    const { db, config, logger } = options;
    this.#housekeeper = new Housekeeper({
      ...{ db, config, logger, metrics: this.#metrics, partitions: this.#partitions },
      // One of all archives.
      isDue: () => this.#running.has(0),
    });
    const { pagesAtOnce, pagesWaitingMax, pagesOfUserMax } = options.config;
    this.#turns = new Turns({ atOnce: pagesAtOnce, waitingMax: pagesWaitingMax, ofUserMax: pagesOfUserMax });
    const untrack = [
      trackQueues(options.metrics, {
        archive_pages: { limit: pagesAtOnce, used: () => this.#turns.working },
        archive_pages_waiting: { limit: pagesWaitingMax, used: () => this.#turns.waiting },
        archive_tail_bytes: { limit: config.tailBytes, used: () => this.#fullest(({ bytes }) => bytes) },
        archive_tail_entries: { limit: config.tailPlaces, used: () => this.#fullest(({ places }) => places) },
      }),
      this.#metrics.streams.track(() => this.#running.size),
      this.#metrics.pagesWaiting.track(() => this.#turns.waiting),
    ];
    this.#untrack = () => {
      for (const end of untrack) end();
    };
  }

  /** Of the tail that has most of it: the bounds are those of each stream. */
  #fullest(measure: (tail: Tail) => number): number {
    let most = 0;
    for (const { archive } of this.#running.values())
      if (archive.tail !== undefined) most = Math.max(most, measure(archive.tail));
    return most;
  }

  get streams(): ReadonlySet<number> {
    return new Set(this.#running.keys());
  }

  async start(): Promise<void> {
    await this.#open();
    this.#housekeeper.start();
  }

  async #open(): Promise<void> {
    const { bus, beats = bus, log, records, id, owners, logger, metrics } = this.#options;
    const { streams } = log;
    if (this.#isLogHere) {
      // A log in this process has no other archive.
      await this.#prepare();
      await this.#change(new Set(Array.from({ length: streams }, (_, stream) => stream)));
      return;
    }
    await this.#tryPrepare();
    const onChange = (owned: ReadonlySet<number>) => this.#change(owned);
    const group = { bus: beats, records, id, config: owners, logger, metrics };
    this.#ownership = await Ownership.start({ ...group, streams, onChange });
  }

  async stop(): Promise<void> {
    await this.#housekeeper.stop();
    if (this.#ownership) await this.#ownership.stop();
    else await this.#change(new Set());
    this.#untrack();
  }

  async #tryPrepare(): Promise<void> {
    try {
      await this.#prepare();
    } catch (error) {
      // Policy: an absent database is waited for by each stream; one that is not ours ends the start.
      if (!(error instanceof DbUnavailableError)) throw error;
    }
  }

  /** Once; again when it failed. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#makeTables().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  async #makeTables(): Promise<void> {
    await prepareTables(this.#options.db, this.#options.log.streams, this.#options.prepare);
    await this.#partitions.makeAhead(Date.now());
  }

  async #change(streams: ReadonlySet<number>): Promise<void> {
    const gone = [...this.#running.keys()].filter((stream) => !streams.has(stream));
    for (const stream of streams) if (!this.#running.has(stream)) this.#openStream(stream);
    await Promise.all(gone.map((stream) => this.#closeStream(stream)));
  }

  #openStream(stream: number): void {
    const { db, bus, log, config, logger, tracer } = this.#options;
    const metrics = this.#metrics;
    const isLogHere = this.#isLogHere;
    const prepare = () => this.#prepare();
    const publisher = this.#publisher;
    const partitions = this.#partitions;
    const shared = { db, bus, log, config, logger, metrics, publisher, isLogHere, prepare, partitions, tracer };
    const isEmpty = (user: string, span: Span) => isKnownEmptyAhead(archive, user, span);
    const positions = new OfflinePositions({ db, config, logger, isEmpty });
    const quota = new Quota({ stream, streams: log.streams, positions, db, config, logger, metrics });
    const onAccount = (owner: string) => {
      positions.forget(owner);
      quota.forget(owner);
    };
    const onWritten = (entries: readonly TailEntry[]) => quota.written(entries);
    const archive: StreamArchive = new StreamArchive({ stream, ...shared, onAccount, onWritten });
    const onCovered = (user: string) => quota.covered(user);
    const onTaken = (user: string) => quota.lift(user);
    const offline = new OfflineReads({ archive, positions, log, db, config, onCovered, onTaken, isLogHere, metrics });
    const reads = new GapReads({ archive, log, db, config, metrics, isLogHere });
    const pages = new Pages({ archive, db, log, config, metrics, isLogHere, turns: this.#turns });
    const onError = (error: unknown, subject: string) =>
      logger.error({ what: 'request_handling_failed', subject, err: error });
    archive.start();
    const subscriptions = [
      serve(bus, methods.gap(stream), queues.archive, (request) => reads.gap(request), onError),
      serve(bus, methods.last(stream), queues.archive, ({ known, fresh }) => reads.last(known, fresh), onError),
      serve(bus, methods.page(stream), queues.archive, (request) => pages.page(request), onError),
      serve(bus, retention.set(stream), queues.archive, (request) => setRetention(db, request), onError),
      serve(bus, offlineMethods.waiting(stream), queues.archive, (request) => offline.waiting(request), onError),
      serve(bus, offlineMethods.covered(stream), queues.archive, ({ covered }) => offline.covered(covered), onError),
      serve(bus, offlineMethods.owed(stream), queues.archive, (request) => offline.owed(request), onError),
      ...this.#serveBulk(stream, onError),
    ];
    this.#running.set(stream, { archive, positions, quota, subscriptions });
  }

  #serveBulk(stream: number, onError: (error: unknown, subject: string) => void): readonly Subscription[] {
    const { db, bus, config } = this.#options;
    const bulk = new Bulk({ db, config, partitions: this.#partitions });
    const { passing, importArchive, prune } = bulkMethods;
    return [
      serve(bus, passing(stream), queues.archive, (r) => bulk.passing(r.user, r.after ?? undefined, r.limit), onError),
      serve(
        bus,
        importArchive(stream),
        queues.archive,
        async ({ user, from, entries }) => ({ next: await bulk.import(user, from, entries) }),
        onError,
      ),
      serve(bus, prune(stream), queues.archive, ({ user, beforeMs }) => bulk.prune(user, beforeMs), onError),
    ];
  }

  async #closeStream(stream: number): Promise<void> {
    const running = this.#running.get(stream);
    this.#running.delete(stream);
    for (const subscription of running?.subscriptions ?? []) subscription.unsubscribe();
    await running?.archive.stop();
    await running?.positions.stop();
    await running?.quota.stop();
  }
}
