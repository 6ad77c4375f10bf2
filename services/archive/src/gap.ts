import { type Log, LogUnavailableError, RpcError } from '@starling/bus';
import {
  type ArchivedEntry,
  comparePositions,
  type GapReply,
  type GapRequest,
  type Position,
  type UserPosition,
} from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import { FreshAnswer, withDeadline } from '@starling/runtime';
import type { ArchiveConfig } from './config.ts';
import type { ArchiveMetrics } from './metrics.ts';
import { withinReach } from './reread.ts';
import { selectEntries } from './sql/select-entries.ts';
import { selectLast } from './sql/select-last.ts';
import type { StreamArchive } from './stream-archive.ts';
import type { Tail } from './tail.ts';
import { archivedOf, type TailEntry } from './tail-entry.ts';

/** Users in one question. */
const USERS_MAX = 5_000;
/** How long an answer waits for what the asker has seen and the archive has not read yet. */
const CATCH_UP_MS = 1_000;
/** How long an answer to who binds a session waits for the end of the stream, and then for what is before it. */
const FRESH_MS = 300;

export interface GapOptions {
  readonly archive: StreamArchive;
  readonly log: Pick<Log, 'info'>;
  readonly db: Db;
  readonly config: ArchiveConfig;
  readonly metrics: ArchiveMetrics;
  readonly isLogHere: boolean;
}

/** Answers what was written, from the rows, and what is not yet, from the tail, as one log. */
export class GapReads {
  readonly #archive: StreamArchive;
  readonly #db: Db;
  readonly #config: ArchiveConfig;
  readonly #metrics: ArchiveMetrics;
  readonly #isLogHere: boolean;
  readonly #end: FreshAnswer<number>;

  constructor({ archive, log, db, config, metrics, isLogHere }: GapOptions) {
    this.#archive = archive;
    this.#end = new FreshAnswer(async () => (await log.info(archive.stream)).last);
    this.#db = db;
    this.#config = config;
    this.#metrics = metrics;
    this.#isLogHere = isLogHere;
  }

  /** @throws RpcError resource-constraint: the database or the log is behind or away, ask again later */
  async gap({ user, after, upTo, limit }: GapRequest): Promise<GapReply> {
    const tail = await this.#openTail();
    // While the database has not said which epoch this is, the asker is believed, who has it from earlier.
    const epoch = this.#archive.epoch ?? after.epoch;
    const end = upTo ?? { epoch, sequence: this.#archive.visibleUpTo };
    await this.#catchUp(epoch, end);
    // Taken together, before anything is awaited: what is in the tail now is not in the rows that are read below.
    const written: Position = { epoch, sequence: tail.base };
    const waiting = this.#isLogHere || end.epoch < epoch ? [] : this.#waiting(tail, user, epoch, after, end);
    const entriesMax = limit > 0 ? Math.min(limit, this.#config.gapEntries) : this.#config.gapEntries;
    const recent = this.#recent(user, epoch, after, earlier(end, written), entriesMax);
    const rows = recent ?? (await this.#rows(user, after, earlier(end, written), entriesMax));
    const source = recent ? 'recent' : waiting.length === 0 ? 'rows' : rows.entries.length === 0 ? 'tail' : 'both';
    this.#metrics.gaps.inc(1, { source });
    return rows.complete ? this.#withTail(rows.entries, waiting, epoch, entriesMax) : rows;
  }

  /** @throws RpcError */
  async last(
    known: readonly UserPosition[],
    fresh = false,
  ): Promise<{ epoch: number; last: readonly UserPosition[]; upTo?: Position }> {
    if (known.length > USERS_MAX) throw new RpcError('bad-request', `more than ${USERS_MAX} users`);
    let tail = await this.#openTail();
    if (fresh) {
      await this.#untilRead();
      tail = await this.#openTail();
    }
    const epoch = this.#archive.epoch ?? known.reduce((most, { position }) => Math.max(most, position.epoch), 0);
    // Epoch 0 was never written: who does not know either cannot be told.
    if (epoch === 0) throw this.#away('the epoch is not known yet');
    // Before anything is looked up: what comes meanwhile is behind it.
    const upTo = this.#archive.epoch === undefined ? undefined : { epoch, sequence: this.#archive.visibleUpTo };
    const ends = new Map<string, Position>();
    if (!this.#isLogHere) {
      for (const { user } of known) {
        const sequence = tail.lastOf(user);
        if (sequence > 0) ends.set(user, { epoch, sequence });
      }
    }
    const rest: string[] = [];
    for (const { user, position } of known) {
      if (ends.has(user)) continue;
      const sequence = this.#archive.recent?.lastOf(user) ?? 0;
      if (sequence > 0) ends.set(user, { epoch, sequence });
      // Else nothing was written behind what he has, if all of that time is known.
      else if (position.epoch !== epoch || this.#archive.recent?.knows(user, position.sequence) !== true)
        rest.push(user);
    }
    for (const { user, position } of await this.#lastRows(rest)) ends.set(user, position);
    const last = known.flatMap(({ user, position }) => {
      const end = ends.get(user);
      return end && comparePositions(end, position) > 0 ? [{ user, position: end }] : [];
    });
    return { epoch, last, ...(upTo && { upTo }) };
  }

  async #openTail(): Promise<Tail> {
    await this.#archive.waitUntil(() => this.#archive.tail !== undefined, CATCH_UP_MS);
    const { tail } = this.#archive;
    if (!tail) throw this.#away('the log is not open yet');
    return tail;
  }

  /** All that was in the stream when it was asked: also that the account is another one of the same name since. Bounded. */
  async #untilRead(): Promise<void> {
    if (this.#isLogHere) return; // nobody has heard of what is not written
    let end: number;
    try {
      end = await withDeadline(this.#end.find(), FRESH_MS, 'end of the stream');
    } catch {
      // Policy: the log is away or slow. A bind does not wait for it: the answer is what has been read.
      return;
    }
    await this.#archive.waitUntil(() => this.#archive.visibleUpTo >= end, FRESH_MS);
  }

  async #catchUp(epoch: number, end: Position): Promise<void> {
    const isReached = () =>
      comparePositions({ epoch: this.#archive.epoch ?? epoch, sequence: this.#archive.visibleUpTo }, end) >= 0;
    if (!(await this.#archive.waitUntil(isReached, CATCH_UP_MS))) throw this.#away('the archive is behind');
  }

  #waiting(tail: Tail, user: string, epoch: number, after: Position, end: Position): readonly TailEntry[] {
    const from = after.epoch < epoch ? 0 : after.sequence;
    return tail.entriesOf(user, from, end.sequence);
  }

  /** What was written lately, without the database; undefined when more than that is asked for. */
  #recent(user: string, epoch: number, after: Position, upTo: Position, entriesMax: number): GapReply | undefined {
    const { recent } = this.#archive;
    if (recent === undefined || after.epoch !== epoch || !recent.knows(user, after.sequence)) return undefined;
    if (comparePositions(after, upTo) >= 0) return { entries: [], complete: true };
    const found = recent.entriesOf(user, after.sequence, upTo.sequence);
    let bytes = 0;
    let count = 0;
    for (const { data } of found.slice(0, entriesMax)) {
      bytes += data.length;
      if (bytes > this.#config.gapBytes && count > 0) break;
      count++;
    }
    return {
      entries: found.slice(0, count).map((entry) => archivedOf(entry, epoch)),
      complete: count === found.length,
    };
  }

  async #rows(owner: string, after: Position, upTo: Position, entriesMax: number): Promise<GapReply> {
    if (comparePositions(after, upTo) >= 0) return { entries: [], complete: true };
    const range = { owner, after, upTo, entriesMax: entriesMax + 1, bytesMax: this.#config.gapBytes };
    const entries = await this.#ask(() => selectEntries(this.#db, range));
    const last = entries.at(-1);
    if (!last || entries.length > entriesMax) return { entries: entries.slice(0, entriesMax), complete: !last };
    // Fewer than asked for: all there were, unless their bytes were the bound.
    const [next] = await this.#ask(() => selectEntries(this.#db, { ...range, after: last.position, entriesMax: 1 }));
    return { entries, complete: next === undefined };
  }

  async #withTail(
    rows: readonly ArchivedEntry[],
    waiting: readonly TailEntry[],
    epoch: number,
    entriesMax: number,
  ): Promise<GapReply> {
    let bytes = rows.reduce((sum, entry) => sum + entry.envelope.length, 0);
    const room = Math.min(entriesMax - rows.length, withinReach(waiting));
    let count = 0;
    for (const { size } of waiting.slice(0, room)) {
      bytes += size;
      if (bytes > this.#config.gapBytes && rows.length + count > 0) break;
      count++;
    }
    const entries = await this.#whole(waiting.slice(0, count));
    return {
      entries: [...rows, ...entries.map((entry) => archivedOf(entry, epoch))],
      complete: count === waiting.length,
    };
  }

  async #whole(entries: readonly TailEntry[]): Promise<readonly TailEntry[]> {
    try {
      return await this.#archive.whole(entries);
    } catch (error) {
      // Policy: as for the database.
      throw error instanceof LogUnavailableError ? this.#away('the log is away', error) : error;
    }
  }

  async #lastRows(users: readonly string[]): Promise<readonly UserPosition[]> {
    if (users.length === 0) return [];
    try {
      return await this.#ask(() => selectLast(this.#db, users));
    } catch (error) {
      // Policy: the asker must ask again when the database is back.
      this.#archive.answeredWrongly();
      throw error;
    }
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#archive.databaseAnswered();
      return result;
    } catch (error) {
      // Policy: this is the boundary where an absent database becomes a condition.
      throw error instanceof DbUnavailableError ? this.#away('the database is away', error) : error;
    }
  }

  #away(text: string, cause?: unknown): RpcError {
    return new RpcError('resource-constraint', text, cause === undefined ? undefined : { cause });
  }
}

const earlier = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);
