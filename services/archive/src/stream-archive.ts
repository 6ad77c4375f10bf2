import {
  type Bus,
  type Log,
  type LogEntry,
  LogUnavailableError,
  type StreamInfo,
  StreamRecreatedError,
} from '@starling/bus';
import { decodeEnvelope, EnvelopeError } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { Tracer } from '@starling/trace';
import type { ArchiveConfig } from './config.ts';
import { DatabaseProbe } from './database-probe.ts';
import { DigestPublisher } from './digest.ts';
import { answerUnavailable, deservesAnswer } from './gatekeeper.ts';
import { findLastWritten } from './last-written.ts';
import { Life } from './life.ts';
import type { ArchiveMetrics } from './metrics.ts';
import type { Partitions } from './partitions.ts';
import { Pause } from './pause.ts';
import { Recent } from './recent.ts';
import { BodyReader, passedBy } from './reread.ts';
import { Rereads } from './rereads.ts';
import { moveWatermark } from './sql/move-watermark.ts';
import { selectWatermark, type Watermark } from './sql/select-watermark.ts';
import { StreamWatch } from './stream-watch.ts';
import { Tail } from './tail.ts';
import { isBodiless, isForReaders, type TailEntry } from './tail-entry.ts';
import { Trimmer } from './trimmer.ts';
import { type Written, writeFirst } from './writer.ts';

export interface StreamArchiveOptions {
  readonly stream: number;
  readonly db: Db;
  readonly bus: Bus;
  readonly log: Log;
  readonly config: ArchiveConfig;
  readonly logger: Logger;
  readonly metrics: ArchiveMetrics;
  /** Unique among archives. */
  readonly publisher: string;
  /** The log acknowledges an append only when it is archived: nothing may be seen of it before, and nobody should wait. */
  readonly isLogHere: boolean;
  /** Makes the tables; rejects with DbUnavailableError until they are there. */
  readonly prepare: () => Promise<void>;
  readonly partitions: Partitions;
  /** An account was made, or removed: it is written. */
  readonly onAccount: (owner: string) => void;
  /** These are done with. */
  readonly onWritten: (entries: readonly TailEntry[]) => void;
  readonly tracer: Tracer | undefined;
}

const READ_MAX = 1_000;
const READ_WAIT_MS = 1_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/** A statement that the database refuses is a mistake of ours: it will not be better soon. */
const REFUSED_PAUSE_MS = 5_000;
const TRIM_EVERY_MS = 10_000;
/** What is read is still written when this process stops, if the database is there. */
const STOP_FLUSH_MS = 5_000;

/** What this archive has of the stream is not what the stream or the database have: begin again from the watermark. */
class StartAgain extends Error {
  override readonly name = 'StartAgain';
}

/** The archive of one stream: reads its log in order and writes it, in order, exactly once. */
export class StreamArchive {
  readonly stream: number;
  readonly #options: StreamArchiveOptions;
  readonly #digest: DigestPublisher;
  readonly #trimmer: Trimmer;
  /** Before this all is to go: what was younger than the duplicate window the last time, or could not be asked for. */
  #trimBefore: number | undefined;
  readonly #probe: DatabaseProbe;
  readonly #stopping = new Pause();
  readonly #waiters = new Set<() => void>();
  readonly #rereads: Rereads;
  #timers: NodeJS.Timeout[] = [];
  #watch: StreamWatch | undefined;
  #running: Promise<void> = Promise.resolve();
  #life: Life | undefined;
  #isDatabaseAway = false;
  #hasAnsweredWrongly = false;

  constructor(options: StreamArchiveOptions) {
    this.stream = options.stream;
    this.#options = options;
    this.#digest = new DigestPublisher(options.bus, options.stream, options.publisher);
    this.#trimmer = new Trimmer(options.config.keepMs);
    this.#rereads = new Rereads(() => new BodyReader(options.log, options.stream));
    this.#probe = new DatabaseProbe(async () => {
      await selectWatermark(options.db, this.stream);
      this.databaseAnswered();
    });
  }

  start(): void {
    const { config } = this.#options;
    this.#timers = [
      setInterval(() => this.#publishDigest(), config.digestMs),
      setInterval(() => void this.#trim(), Math.min(TRIM_EVERY_MS, config.keepMs)),
    ];
    this.#running = this.#run();
    const { stream } = this;
    const { log, metrics } = this.#options;
    const isDatabaseAway = () => this.#isDatabaseAway;
    this.#watch = new StreamWatch({ stream, log, metrics, tail: () => this.tail, isDatabaseAway });
  }

  /** Writes what it has read, if it can, and stops. */
  async stop(): Promise<void> {
    this.#stopping.close();
    for (const timer of this.#timers) clearInterval(timer);
    this.#watch?.stop();
    this.#life?.over();
    await this.#probe.stop();
    await this.#running;
    this.#progress();
  }

  /** Undefined while the database has not said so since the start. */
  get epoch(): number | undefined {
    return this.#life?.mark?.position.epoch;
  }
  /** Undefined until the stream has answered. */
  get tail(): Tail | undefined {
    return this.#life?.tail;
  }
  /** As the tail: what of it was written lately. */
  get recent(): Recent | undefined {
    return this.#life?.recent;
  }
  /** What may be seen of the log goes up to here: nothing of a log that waits for the archive before it is written. */
  get visibleUpTo(): number {
    const tail = this.#life?.tail;
    if (!tail) return 0;
    return this.#options.isLogHere ? tail.base : tail.readUpTo;
  }

  /** Entries of the tail with the bytes that it has given up. @throws LogUnavailableError */
  whole(entries: readonly TailEntry[]): Promise<readonly TailEntry[]> {
    this.#countReread(entries, 'readers');
    return this.#rereads.whole(entries);
  }

  /** Whether the condition came true within the time. */
  waitUntil(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    if (condition() || this.#stopping.isClosed) return Promise.resolve(condition());
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiters.delete(check);
        resolve(condition());
      };
      const check = () => {
        if (condition() || this.#stopping.isClosed) end();
      };
      const timer = setTimeout(end, timeoutMs);
      this.#waiters.add(check);
    });
  }

  /** Somebody asked where logs end and did not learn it. He has to ask again when the database is back. */
  answeredWrongly(): void {
    this.#hasAnsweredWrongly = true;
    this.#probe.start();
  }

  /** The database has answered somebody. */
  databaseAnswered(): void {
    this.#isDatabaseAway = false;
    if (!this.#hasAnsweredWrongly) return;
    this.#hasAnsweredWrongly = false;
    this.#digest.startAnew();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.isClosed) {
      try {
        await this.#live();
      } catch (error) {
        // Policy: begin again from the watermark, whatever it was: what is not written is in the log.
        if (!(error instanceof StartAgain) && !this.#stopping.isClosed)
          this.#options.logger.warn({ what: 'archive_read_failed', stream: this.stream, err: error });
        await this.#stopping.wait(BACKOFF_MIN_MS);
      }
    }
  }

  /** From opening the stream until it is made anew, somebody else has gone on with it, or the end. */
  async #live(): Promise<void> {
    const { log, config } = this.#options;
    // Marks of a stream that was made anew would trim what is not written yet.
    this.#trimmer.forget();
    this.#trimBefore = undefined;
    const info = await log.info(this.stream);
    const mark = await this.#tryLoadMark();
    if (mark && mark.createdAtMs !== info.createdAtMs) throw new StartAgain('made anew while it was opened');
    const base = mark ? mark.position.sequence : info.first - 1;
    const reader = await log.read(this.stream, base + 1);
    const bounds = { bytesMax: config.tailBytes, placesMax: config.tailPlaces };
    const life = new Life(new Tail(bounds, base), new Recent(config.recentBytes, base), info.createdAtMs, reader, mark);
    this.#life = life;
    if (this.#stopping.isClosed) life.over();
    if (mark) this.#opened(life, mark);
    const { tailBytes, tailPlaces, recentBytes } = this.#options.metrics;
    const untrack = [
      tailBytes.track(() => life.tail.bytes),
      tailPlaces.track(() => life.tail.places),
      recentBytes.track(() => life.recent.bytes),
    ];
    try {
      const reading = life.guard(this.#read(life));
      const writing = life.guard(this.#write(life));
      await Promise.all([reading, writing]);
    } finally {
      for (const end of untrack) end();
      await reader.close();
    }
  }

  #opened(life: Life, mark: Watermark): void {
    const { epoch, sequence } = mark.position;
    this.#options.logger.info({ what: 'archive_stream_opened', stream: this.stream, epoch, sequence });
    this.#options.log.archived(this.stream, sequence);
    this.#trimmer.written(sequence, Date.now());
    // After a start without the database: what was read meanwhile has been in no digest.
    if (!this.#options.isLogHere) for (const entry of life.tail) this.#note(epoch, entry);
    this.#progress();
  }

  async #tryLoadMark(): Promise<Watermark | undefined> {
    try {
      return await this.#loadMark();
    } catch (error) {
      // Policy: without the database the log is read from its beginning, and what is asked for is answered from that.
      if (!(error instanceof DbUnavailableError)) throw error;
      this.#databaseFailed(error);
      return undefined;
    }
  }

  /** The watermark of the stream that there is now; opens the next epoch when it is another than the one that was written. */
  async #loadMark(): Promise<Watermark> {
    const { db, log, logger, metrics, prepare } = this.#options;
    await prepare();
    // In this order: what was written when the database answered is in the log when it answers after that.
    const mark = await selectWatermark(db, this.stream);
    const info = await log.info(this.stream);
    this.databaseAnswered();
    const isKnown = mark.createdAtMs === info.createdAtMs;
    if (isKnown && info.last >= mark.position.sequence) {
      this.#tellHole(mark, info);
      return mark;
    }
    // A server that lost its end in a power failure, or got an older backup, gives the same sequences again: the rest is the next epoch.
    const written = mark.createdAtMs === 0 ? 0 : await findLastWritten(db, log, mark, info);
    if (written > 0 && info.last >= mark.position.sequence) {
      const restored = { ...mark, createdAtMs: info.createdAtMs };
      if (!(await moveWatermark(db, this.stream, mark, restored))) throw new StartAgain('somebody else was faster');
      logger.info({ what: 'log_restored_found', stream: this.stream, written: mark.position.sequence });
      this.#tellHole(restored, info);
      return restored;
    }
    const sequence = written > 0 ? written : info.first - 1;
    const next = { position: { epoch: mark.position.epoch + 1, sequence }, createdAtMs: info.createdAtMs };
    if (!(await moveWatermark(db, this.stream, mark, next))) throw new StartAgain('somebody else opened an epoch');
    metrics.epochs.inc();
    logger.info({ what: 'log_epoch_opened', stream: this.stream, epoch: next.position.epoch });
    return next;
  }

  #tellHole({ position }: Watermark, { first }: StreamInfo): void {
    if (first <= position.sequence + 1) return;
    this.#options.metrics.holes.inc();
    this.#options.logger.error({ what: 'log_hole_found', stream: this.stream, written: position.sequence, first });
  }

  async #read(life: Life): Promise<void> {
    const { tail, reader } = life;
    while (!life.isOver) {
      if (tail.isFull) {
        await life.room.wait(READ_WAIT_MS);
        continue;
      }
      let entries: readonly LogEntry[];
      try {
        entries = await reader.next(READ_MAX, READ_WAIT_MS);
      } catch (error) {
        if (!(error instanceof StreamRecreatedError)) throw error;
        // What was read of the old stream is still written to its epoch; the new one waits for that.
        life.isStreamGone = true;
        while (tail.length > 0 && !life.isOver) await life.room.wait(READ_WAIT_MS);
        throw new StartAgain('the stream was made anew', { cause: error });
      }
      for (const entry of entries) {
        const decoded = this.#decode(entry);
        if (tail.push(decoded) && life.mark && !this.#options.isLogHere) this.#note(life.mark.position.epoch, decoded);
      }
      if (entries.length === 0) continue;
      this.#progress();
      life.news.wake();
      if (tail.length >= this.#options.config.batchRows) life.linger.wake();
    }
  }

  #decode(entry: LogEntry): TailEntry {
    const { stream, sequence, committedAtMs, id, data } = entry;
    try {
      // Field by field: a spread costs as much as decoding.
      return { stream, sequence, committedAtMs, id, data, size: data.length, envelope: decodeEnvelope(data) };
    } catch (error) {
      // Policy: bytes that nobody can read must not stop the log; they are counted and passed by.
      if (!(error instanceof EnvelopeError)) throw error;
      this.#options.logger.error({
        what: 'envelope_decode_failed',
        stream: this.stream,
        sequence: entry.sequence,
        err: error,
      });
      return { stream, sequence, committedAtMs, id, data, size: data.length, envelope: undefined };
    }
  }

  #note(epoch: number, entry: TailEntry): void {
    const { envelope, sequence } = entry;
    if (envelope && isForReaders(entry)) this.#digest.note(envelope.owner, { epoch, sequence });
  }

  async #write(life: Life): Promise<void> {
    const bodies = new BodyReader(this.#options.log, this.stream);
    try {
      await this.#writeAll(life, bodies);
    } finally {
      await bodies.close();
    }
  }

  async #writeAll(life: Life, bodies: BodyReader): Promise<void> {
    const { config, isLogHere } = this.#options;
    let mayLinger = true;
    while (!life.isOver || this.#mayFlush(life)) {
      if (!life.mark) {
        await this.#findMark(life);
      } else if (life.tail.length === 0) {
        await life.news.wait(READ_WAIT_MS);
        mayLinger = !isLogHere;
      } else {
        if (mayLinger && life.tail.length < config.batchRows) await life.linger.wait(config.lingerMs);
        const batch = await this.#nextBatch(life, bodies);
        const isDone = await this.#writeBatch(life, life.mark, batch);
        // A batch that was cut short at an account's notice goes on without waiting.
        mayLinger = isDone && !isLogHere;
      }
    }
  }

  /** The first entries of the tail, with their bytes. @throws StartAgain: this archive stops while the log is away */
  async #nextBatch(life: Life, bodies: BodyReader): Promise<readonly TailEntry[]> {
    const { config } = this.#options;
    const batch = life.tail.peek(config.batchRows, config.batchBytes);
    for (let backoffMs = BACKOFF_MIN_MS; ; backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2)) {
      try {
        const { entries, gone } = await bodies.fill(batch);
        this.#countReread(batch, 'writer');
        this.#tellGone(gone);
        return entries;
      } catch (error) {
        // Policy: without the log what it alone has waits, as without the database; when it is another log, that is lost.
        if (!(error instanceof LogUnavailableError)) throw error;
        if (life.isOver) throw new StartAgain('the log is away', { cause: error });
        if (await this.#isGone(life)) {
          this.#tellGone(batch.filter(isBodiless).length);
          return batch.map((entry) => (isBodiless(entry) ? passedBy(entry) : entry));
        }
        await life.retry.wait(backoffMs);
      }
    }
  }

  async #isGone(life: Life): Promise<boolean> {
    if (life.isStreamGone) return true;
    try {
      return (await this.#options.log.info(this.stream)).createdAtMs !== life.createdAtMs;
    } catch {
      // Policy: nobody can say so yet.
      return false;
    }
  }

  #countReread(entries: readonly TailEntry[], reader: 'writer' | 'readers'): void {
    const count = entries.filter(isBodiless).length;
    if (count > 0) this.#options.metrics.reread.inc(count, { for: reader });
  }

  #tellGone(count: number): void {
    if (count === 0) return;
    this.#options.metrics.holes.inc();
    this.#options.logger.error({ what: 'log_entries_lost', stream: this.stream, count });
  }

  /** Stopping: what is read is written, if the database is there. */
  #mayFlush(life: Life): boolean {
    return life.tail.length > 0 && life.mark !== undefined && !this.#isDatabaseAway && life.overForMs < STOP_FLUSH_MS;
  }

  /** After a start without the database. */
  async #findMark(life: Life): Promise<void> {
    const mark = await this.#retry(life, () => this.#loadMark());
    if (!mark) return;
    if (mark.createdAtMs !== life.createdAtMs) throw new StartAgain('made anew while the database was away');
    life.mark = mark;
    life.recent.clear(mark.position.sequence);
    this.#written(life, mark.position.sequence);
    this.#opened(life, mark);
  }

  /** @returns whether all of the batch is done with */
  async #writeBatch(life: Life, mark: Watermark, batch: readonly TailEntry[]): Promise<boolean> {
    const { db, metrics, config, partitions } = this.#options;
    const startedAt = performance.now();
    const search = { rowsMax: config.retractRowsMax, bytesMax: config.retractBytes };
    const write = () => writeFirst(db, this.stream, mark.position, batch, search);
    const written = await this.#retry(life, () => partitions.having(batch, write));
    if (!written) return true;
    if (!written.moved) {
      await this.#lostRace(life, mark);
      return true;
    }
    metrics.writeSeconds.observe((performance.now() - startedAt) / 1000);
    metrics.lagSeconds.observe(Math.max(0, Date.now() - (batch[0]?.committedAtMs ?? 0)) / 1000);
    this.#count(written);
    life.mark = { ...mark, position: { epoch: mark.position.epoch, sequence: written.upTo } };
    if (written.accounts > 0) this.#options.onAccount(batch[0]?.envelope?.owner ?? '');
    const done = batch.filter((entry) => entry.sequence <= written.upTo);
    life.recent.add(done, new Set([...written.rejected, ...written.blocked, ...written.over]));
    this.#written(life, written.upTo);
    const { epoch } = mark.position;
    if (this.#options.isLogHere) for (const entry of done) this.#note(epoch, entry);
    for (const entry of written.rejected) this.#reject(entry, 'no_such_user');
    for (const entry of written.blocked) this.#reject(entry, 'blocked');
    for (const entry of written.over) this.#reject(entry, 'over_quota');
    this.#options.onWritten(done);
    this.#trace(done);
    return written.upTo === batch.at(-1)?.sequence;
  }

  /** From the commit in the log to the commit in the database. */
  #trace(written: readonly TailEntry[]): void {
    const { tracer } = this.#options;
    if (tracer === undefined) return;
    const { stream } = this;
    for (const { envelope, sequence, committedAtMs } of written)
      tracer.follow('entry written', envelope?.trace, committedAtMs)?.end({ stream, sequence });
  }

  /** Another archive was faster, or an attempt whose answer was lost had succeeded: go on from where the watermark is. */
  async #lostRace(life: Life, mark: Watermark): Promise<void> {
    this.#options.metrics.lostRaces.inc();
    const found = await this.#retry(life, () => selectWatermark(this.#options.db, this.stream));
    if (!found) return;
    const isAhead = found.position.epoch === mark.position.epoch && found.position.sequence > mark.position.sequence;
    if (!isAhead || found.createdAtMs !== mark.createdAtMs) throw new StartAgain('the watermark went elsewhere');
    life.mark = found;
    life.recent.clear(found.position.sequence);
    this.#written(life, found.position.sequence);
  }

  #written(life: Life, upTo: number): void {
    life.tail.drop(upTo);
    life.room.wake();
    this.#trimmer.written(upTo, Date.now());
    this.#options.log.archived(this.stream, upTo);
    this.#progress();
  }

  #count({ rows, rejected, blocked, over, skipped, unreadable, accounts, ...rest }: Written): void {
    const { blockLists, preferences, retracted } = rest;
    const { entries } = this.#options.metrics;
    if (retracted > 0) this.#options.metrics.retracted.inc(retracted);
    if (rows > 0) entries.inc(rows, { outcome: 'written' });
    if (accounts > 0) entries.inc(accounts, { outcome: 'account' });
    if (rejected.length > 0) entries.inc(rejected.length, { outcome: 'rejected' });
    if (blocked.length > 0) entries.inc(blocked.length, { outcome: 'blocked' });
    if (over.length > 0) entries.inc(over.length, { outcome: 'over_quota' });
    if (blockLists > 0) entries.inc(blockLists, { outcome: 'block_list' });
    if (preferences > 0) entries.inc(preferences, { outcome: 'preferences' });
    if (skipped > 0) entries.inc(skipped, { outcome: 'skipped' });
    if (unreadable > 0) entries.inc(unreadable, { outcome: 'unreadable' });
  }

  #reject({ envelope }: TailEntry, reason: 'no_such_user' | 'blocked' | 'over_quota'): void {
    if (!envelope || !deservesAnswer(envelope)) return;
    try {
      answerUnavailable(this.#options.bus, envelope);
      this.#options.metrics.rejected.inc(1, { reason });
    } catch (error) {
      // Policy: a stanza that cannot be read has no answer; its entry is passed by as it would be anyway.
      this.#options.logger.error({ what: 'stanza_answer_failed', stream: this.stream, err: error });
    }
  }

  /**
   * The documented boundary of database faults: a statement is repeated until the database answers. Each is safe to repeat, since it
   * moves the watermark from the place that it names or does nothing. Undefined when this archive stops meanwhile.
   */
  async #retry<T>(life: Life, work: () => Promise<T>): Promise<T | undefined> {
    for (let backoffMs = BACKOFF_MIN_MS; ; backoffMs = Math.min(BACKOFF_MAX_MS, backoffMs * 2)) {
      try {
        const result = await work();
        this.databaseAnswered();
        return result;
      } catch (error) {
        // Policy: away → again after a while; refused → loudly, and again, since to pass an entry by would be to lose it.
        if (error instanceof StartAgain) throw error;
        const isAway = error instanceof DbUnavailableError;
        if (isAway) this.#databaseFailed(error);
        else this.#options.logger.error({ what: 'archive_write_failed', stream: this.stream, err: error });
        this.#options.metrics.writeRetries.inc();
        await life.retry.wait(isAway ? backoffMs : REFUSED_PAUSE_MS);
        if (life.isOver) {
          this.#isDatabaseAway = true;
          return undefined;
        }
      }
    }
  }

  #databaseFailed(error: unknown): void {
    if (this.#isDatabaseAway) return;
    this.#isDatabaseAway = true;
    this.#options.logger.warn({ what: 'archive_database_lost', stream: this.stream, err: error });
  }

  #publishDigest(): void {
    // Without the epoch nobody could use the positions.
    if (this.epoch !== undefined) this.#digest.publish(this.epoch);
  }

  async #trim(): Promise<void> {
    this.#trimBefore = this.#trimmer.takeDue(Date.now()) ?? this.#trimBefore;
    const before = this.#trimBefore;
    if (before === undefined) return;
    const { log } = this.#options;
    try {
      await log.trim(this.stream, before);
      const { first } = await log.info(this.stream);
      if (first >= before && this.#trimBefore === before) this.#trimBefore = undefined;
    } catch (error) {
      // Policy: tried again with the next tick. A log that is full gets no further mark that would do it.
      this.#options.logger.warn({ what: 'log_trim_failed', stream: this.stream, err: error });
    }
  }

  #progress(): void {
    for (const check of [...this.#waiters]) check();
  }
}
