import { type Log, LogBusyError, LogFullError, LogUnavailableError, RpcError } from '@starling/bus';
import {
  type ArchivedEntry,
  type Covered,
  comparePositions,
  type Position,
  START,
  type WaitingReply,
  type WaitingRequest,
} from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { BareJid } from '@starling/jid';
import { FreshAnswer } from '@starling/runtime';
import type { ArchiveConfig } from '../config.ts';
import type { ArchiveMetrics } from '../metrics.ts';
import { selectEntries } from '../sql/select-entries.ts';
import { selectWaiting } from '../sql/select-waiting.ts';
import type { StreamArchive } from '../stream-archive.ts';
import { byReading, uncovered } from './coverage.ts';
import { isKnownEmpty } from './known-empty.ts';
import { handOn } from './owed.ts';
import type { OfflinePositions } from './positions.ts';

/** In one request. */
const COVERED_MAX = 5_000;
/** How long an answer waits until what it is about is written: who is refused or blocked is known then, and what is archived. */
const WRITE_WAIT_MS = 2_000;

interface OwedRequest {
  readonly user: string;
  readonly resource: string;
  readonly after: Position;
  readonly others: boolean;
}

export interface OfflineReadsOptions {
  readonly archive: StreamArchive;
  readonly positions: OfflinePositions;
  readonly log: Pick<Log, 'info' | 'append'>;
  readonly db: Db;
  readonly config: ArchiveConfig;
  /** Less may wait for this user than before. */
  readonly onCovered: (user: string) => void;
  /** What waits for this user is taken now, and what comes behind it as well. */
  readonly onTaken: (user: string) => Promise<void>;
  readonly isLogHere: boolean;
  readonly metrics: ArchiveMetrics;
}

/** Answers what waits offline, from the rows, and learns what has been covered. */
export class OfflineReads {
  readonly #archive: StreamArchive;
  readonly #positions: OfflinePositions;
  readonly #db: Db;
  readonly #log: Pick<Log, 'append'>;
  readonly #handedOn: ArchiveMetrics['handedOn'];
  readonly #config: ArchiveConfig;
  readonly #onCovered: (user: string) => void;
  readonly #onTaken: (user: string) => Promise<void>;
  readonly #toldByMs: number;
  readonly #end: FreshAnswer<number>;

  constructor({ archive, positions, log, db, config, onCovered, onTaken, isLogHere, metrics }: OfflineReadsOptions) {
    this.#log = log;
    this.#handedOn = metrics.handedOn;
    this.#archive = archive;
    this.#positions = positions;
    this.#db = db;
    this.#config = config;
    this.#onCovered = onCovered;
    this.#onTaken = onTaken;
    this.#end = new FreshAnswer(async () => (await log.info(archive.stream)).last);
    // With everything in one process nobody is left who could tell it again.
    this.#toldByMs = isLogHere ? 0 : performance.now() + config.offlineTakeoverMs;
  }

  /** @throws RpcError resource-constraint: the database is away or behind, ask again later */
  async waiting(request: WaitingRequest): Promise<WaitingReply> {
    const { user, session, sessions } = request;
    const after = request.after ?? START;
    return this.#ask(async () => {
      if (!isWithin(request.boundBehind, request.upTo)) await this.#untilRead();
      const upTo = request.upTo ?? this.#visible();
      await this.#untilWritten(user, upTo);
      const coverage = await this.#positions.coverageOf(user);
      const nothing = { entries: [], complete: true, reached: upTo, taken: false, covered: false };
      if (coverage === undefined) return nothing;
      if (!this.#positions.take(user, session, sessions)) return { ...nothing, taken: true };
      await this.#onTaken(user);
      const entries: ArchivedEntry[] = [];
      const holes = uncovered(coverage, { after, upTo }).flatMap((hole) => byReading(coverage, hole));
      for (const { isRead, ...hole } of holes) {
        if (isKnownEmpty(this.#archive, user, hole)) continue;
        const readUpTo = request.passingOnly || isRead ? hole.upTo : (request.readUpTo ?? undefined);
        const { gapEntries: entriesMax, gapBytes: bytesMax } = this.#config;
        const page = await selectWaiting(this.#db, { ...hole, owner: user, readUpTo, entriesMax, bytesMax });
        entries.push(...page.entries);
        if (entries.length > 0) this.#requireTold();
        const reached = page.complete ? hole.upTo : (page.entries.at(-1)?.position ?? hole.after);
        // A page of more than one part could be longer than a message of the bus may be.
        if (entries.length > 0 && comparePositions(reached, upTo) < 0)
          return { entries, complete: false, reached, taken: false, covered: false };
      }
      // What was left out, as it is in the archive, the session has to say.
      const isAll = request.after == null && !request.passingOnly && request.readUpTo == null;
      const isEmpty = isAll && entries.length === 0 && !holes.some(({ isRead }) => isRead);
      const covered = isEmpty && this.#positions.nothingWaits(user, session, upTo);
      if (covered) this.#onCovered(user);
      return { ...nothing, entries, covered };
    });
  }

  /** @throws RpcError resource-constraint: tell it again */
  async covered(all: readonly Covered[]): Promise<Record<string, never>> {
    if (all.length > COVERED_MAX) throw new RpcError('bad-request', `more than ${COVERED_MAX} of them`);
    return this.#ask(async () => {
      for (const { user, upTo } of all) if (this.#archive.tail?.hasNotice(user)) await this.#untilWritten(user, upTo);
      const unknown = await this.#positions.cover(
        all.map(({ user, session, after, upTo, settled, ended, archivedOnly }) => ({
          ...{ user, session, settled, ended, archivedOnly },
          span: { after: after ?? START, upTo },
        })),
      );
      if (unknown.length > 0) {
        // Accounts so new that their creation has not been read; or none.
        await this.#untilRead();
        for (const { user, span } of unknown) await this.#untilWritten(user, span.upTo);
        await this.#positions.cover(unknown);
      }
      for (const { user } of all) this.#onCovered(user);
      return {};
    });
  }

  /** The session of that resource is over: what it had not got goes to the others. @throws RpcError resource-constraint: tell it again */
  owed({ user, resource, after, others }: OwedRequest): Promise<Record<string, never>> {
    return this.#ask(async () => {
      await this.#untilRead();
      const upTo = this.#visible();
      await this.#untilWritten(user, upTo);
      const { gapEntries: entriesMax, gapBytes: bytesMax } = this.#config;
      const read = async (reached: Position) => {
        const range = { owner: user, after: reached, upTo, entriesMax, bytesMax };
        const entries = await selectEntries(this.#db, range);
        return { entries, complete: entries.length === 0 };
      };
      // Without others nothing covers it later: what nobody has covered by now waits.
      const coverage = others ? undefined : await this.#positions.coverageOf(user);
      if (!others && coverage === undefined) return {}; // there is no such account
      const holes = coverage === undefined ? [] : uncovered(coverage, { after, upTo });
      const waits = (at: Position) =>
        holes.some((hole) => comparePositions(hole.after, at) < 0 && comparePositions(at, hole.upTo) <= 0);
      const count = await handOn(this.#log, { user: user as BareJid, resource, after, upTo, waits }, read);
      this.#handedOn.inc(count);
      return {};
    });
  }

  /** An archive that has died may have been told of these what it has not written: the edges tell it again. @throws RpcError */
  #requireTold(): void {
    if (performance.now() < this.#toldByMs)
      throw new RpcError('resource-constraint', 'the edges may not have told everything yet');
  }

  /** All that was in the log when it was asked: the account may be another one of the same name since. */
  async #untilRead(): Promise<void> {
    const end = await this.#end.find();
    const isRead = () => this.#archive.epoch !== undefined && (this.#archive.tail?.readUpTo ?? 0) >= end;
    if (!(await this.#archive.waitUntil(isRead, WRITE_WAIT_MS)))
      throw new RpcError('resource-constraint', 'the archive is behind');
  }

  /** What comes behind it comes live. */
  #visible(): Position {
    const { epoch = 0, visibleUpTo } = this.#archive;
    return { epoch, sequence: visibleUpTo };
  }

  /** As far as it concerns this user. */
  async #untilWritten(user: string, upTo: Position): Promise<void> {
    const isWritten = () => {
      const { epoch, tail } = this.#archive;
      if (epoch === undefined || tail === undefined) return false;
      const isRead = comparePositions({ epoch, sequence: tail.readUpTo }, upTo) >= 0;
      if (!isRead || tail.hasNotice(user)) return false;
      return comparePositions({ epoch, sequence: tail.base }, upTo) >= 0 || !tail.has(user);
    };
    if (!(await this.#archive.waitUntil(isWritten, WRITE_WAIT_MS)))
      throw new RpcError('resource-constraint', 'the archive is behind');
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Policy: this is the boundary where an absent database or log becomes a condition.
      const isAway = AWAY.some((kind) => error instanceof kind);
      if (!isAway) throw error;
      throw new RpcError('resource-constraint', 'the database or the log is away', { cause: error });
    }
  }
}

/** Of what is read up to there all is known that was so when the session was bound: also that the account is another one by then. */
const isWithin = (boundBehind: Position | null | undefined, upTo: Position | undefined): boolean =>
  boundBehind != null && upTo != null && comparePositions(boundBehind, upTo) <= 0;

/** What asking again may mend. */
const AWAY = [DbUnavailableError, LogUnavailableError, LogBusyError, LogFullError] as const;
