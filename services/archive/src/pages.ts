import { type Log, LogUnavailableError, RpcError } from '@starling/bus';
import {
  type ArchivedEntry,
  comparePositions,
  decodeEnvelope,
  type PageReply,
  type PageRequest,
  type Position,
  packPosition,
  START,
} from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import { bareOf, isFull, type Jid } from '@starling/jid';
import { FreshAnswer } from '@starling/runtime';
import { boundedInTime } from './bounded-in-time.ts';
import type { ArchiveConfig } from './config.ts';
import { type Judged, judge } from './judge.ts';
import type { ArchiveMetrics, PageOutcome } from './metrics.ts';
import { Page } from './page.ts';
import { pageFilter, withFilter } from './page-filter.ts';
import { withinReach } from './reread.ts';
import { isRetraction } from './retractions.ts';
import { selectOwnerState } from './sql/select-owner-state.ts';
import { countPage, type PageRange, selectKnown, selectPage } from './sql/select-page.ts';
import type { StreamArchive } from './stream-archive.ts';
import { archivedOf, isBodiless, type TailEntry } from './tail-entry.ts';
import { NoTurnError, type Turns } from './turns.ts';

/** How long an answer waits for what the log has and the archive has not read yet. */
const CATCH_UP_MS = 1_000;
/** What an owner's entries are judged by may change while it is read, which is rare: then once more. */
const ATTEMPTS_MAX = 5;
/** Rows looked through at once for those that have one resource. */
const ROWS_MAX = 500;
/** Ids in one question. */
const KNOWN_MAX = 1_000;

export interface PagesOptions {
  readonly archive: StreamArchive;
  readonly db: Db;
  readonly log: Log;
  readonly config: ArchiveConfig;
  readonly metrics: ArchiveMetrics;
  readonly isLogHere: boolean;
  /** Of all streams of this process. */
  readonly turns: Turns;
}

/** What is not written yet of one owner's log, judged, and up to where it is written. */
interface Unwritten extends Judged {
  readonly epoch: number;
  /** Inclusive. */
  readonly written: Position;
}

/** Answers for users' archives (XEP-0313), from the rows and from what is not written yet, as one log. */
export class Pages {
  readonly #options: PagesOptions;
  readonly #end: FreshAnswer<number>;

  constructor(options: PagesOptions) {
    this.#options = options;
    const { log, archive } = options;
    this.#end = new FreshAnswer(async () => (await log.info(archive.stream)).last);
  }

  /** @throws RpcError item-not-found; resource-constraint: the database or the log is behind or away, or it takes too long */
  async page(request: PageRequest): Promise<PageReply> {
    const { metrics, config } = this.#options;
    const startedAt = performance.now();
    const count = (outcome: PageOutcome) => metrics.pages.inc(1, { outcome });
    try {
      const reply = await this.#page(request, startedAt + config.pageMs);
      count('answered');
      metrics.pageSeconds.observe((performance.now() - startedAt) / 1000);
      return reply;
    } catch (error) {
      if (error instanceof NoTurnError) {
        count('busy');
        throw this.#away('too many pages at once', error);
      }
      count(error instanceof TooSlowError ? 'timeout' : 'refused');
      throw error instanceof TooSlowError ? this.#away('this takes too long', error) : error;
    }
  }

  async #page(request: PageRequest, deadline: number): Promise<PageReply> {
    if (request.known.length + request.ids.length > KNOWN_MAX)
      throw new RpcError('policy-violation', `more than ${KNOWN_MAX} ids`);
    await this.#catchUp();
    return this.#options.turns.take(request.user, () => this.#lookFor(request, deadline));
  }

  async #lookFor(request: PageRequest, deadline: number): Promise<PageReply> {
    const { config } = this.#options;
    if (performance.now() > deadline) throw new TooSlowError('no turn in time');
    const known = [...request.known, ...request.ids];
    const unwritten = await this.#unwritten(request.user);
    await this.#requireKnown(request.user, known, unwritten);

    const { written } = unwritten;
    const takesBack = unwritten.entries.some(isRetraction);
    const range = rangeOf(request, written);
    const matches = pageFilter(request);
    const { epoch } = unwritten;
    const wanted = unwritten.entries.filter(
      (entry) => entry.envelope !== undefined && matches({ ...archivedOf(entry, epoch), envelope: entry.envelope }),
    );
    const page = new Page(Math.min(request.limit, config.gapEntries), config.gapBytes);
    const readRows = async () => {
      if (!unwritten.isErased) await this.#takeRows(page, request, range, deadline);
    };
    if (request.backwards) {
      if (takeTail(page, wanted.toReversed(), epoch)) await readRows();
    } else {
      await readRows();
      if (!page.isCut) takeTail(page, wanted, epoch);
    }
    const entries = await this.#whole(request.backwards ? page.entries.reverse() : page.entries, wanted, epoch);
    const rows = request.count && !unwritten.isErased ? await this.#count(request, range) : 0;
    const isCounted = request.count && rows !== undefined && rows + wanted.length <= config.pageCountMax;
    return {
      entries,
      complete: !page.isCut,
      ...(isCounted && { count: rows + wanted.length }),
      // What is taken back may be any of the rows (XEP-0424).
      stable: !(entries.some(({ position }) => comparePositions(position, written) > 0) || takesBack),
    };
  }

  /** Whoever has seen something of the log finds it: what was in it when he asked has been read. */
  async #catchUp(): Promise<void> {
    const { archive, isLogHere } = this.#options;
    if (!(await archive.waitUntil(() => archive.tail !== undefined && archive.epoch !== undefined, CATCH_UP_MS)))
      throw this.#away('the log is not open yet, or the database is away');
    if (isLogHere) return;
    let end: number;
    try {
      end = await this.#end.find();
    } catch (cause) {
      // Policy: without the log nobody can tell what is missing; the asker has to come again.
      throw this.#away('the log is away', cause);
    }
    // Not for ever: a stream that was made anew ends elsewhere.
    if (!(await archive.waitUntil(() => archive.visibleUpTo >= end, CATCH_UP_MS)))
      throw this.#away('the archive is behind');
  }

  /** @throws RpcError resource-constraint */
  async #unwritten(user: string): Promise<Unwritten> {
    const { archive, db, isLogHere } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const { tail, epoch } = archive;
      if (tail === undefined || epoch === undefined) break;
      // Taken together: what is in the tail now is not in the rows up to there.
      const written = { epoch, sequence: tail.base };
      const waiting = isLogHere ? [] : tail.allOf(user);
      if (waiting.length === 0) return { entries: [], isErased: false, epoch, written };
      const state = await this.#ask(() => selectOwnerState(db, user));
      // Another state than before the first of them: they have been written meanwhile.
      if (comparePositions(state.since, written) <= 0) return { ...judge(state, waiting), epoch, written };
    }
    throw this.#away('the archive is not where it was');
  }

  /** @throws RpcError item-not-found */
  async #requireKnown(user: string, known: readonly Position[], { epoch, ...unwritten }: Unwritten): Promise<void> {
    const waiting = new Set(unwritten.entries.map(({ sequence }) => packPosition({ epoch, sequence })));
    const inRows = known.filter((position) => !waiting.has(packPosition(position)));
    if (inRows.length === 0) return;
    const found = unwritten.isErased
      ? new Set<bigint>()
      : await this.#ask(() => selectKnown(this.#options.db, user, inRows));
    if (!inRows.every((position) => found.has(packPosition(position)))) throw new RpcError('item-not-found');
  }

  /** Fills the page from the rows, in its direction. */
  async #takeRows(page: Page, request: PageRequest, range: PageRange, deadline: number): Promise<void> {
    const { db } = this.#options;
    const ranges = await this.#ask(() => boundedInTime(db, range));
    for (const part of request.backwards ? ranges.toReversed() : ranges)
      if (!(await this.#takeRange(page, request, part, deadline))) return;
  }

  /** False: the page is full. */
  async #takeRange(page: Page, request: PageRequest, range: PageRange, deadline: number): Promise<boolean> {
    const { db, config } = this.#options;
    const isWith = isFullJid(request.with) ? withFilter(request.with) : undefined;
    for (let rest: PageRange | undefined = range; rest !== undefined; ) {
      if (performance.now() > deadline) throw new TooSlowError('no more time');
      // One more than there is room for tells whether there are more.
      const entriesMax = isWith ? ROWS_MAX : page.room + 1;
      const bounds = { backwards: request.backwards, entriesMax, bytesMax: config.gapBytes };
      const from: PageRange = rest;
      const { entries, more } = await this.#ask(() => selectPage(db, from, bounds));
      for (const entry of entries) {
        if (isWith !== undefined && !isWith(decodeEnvelope(entry.envelope))) continue;
        if (!page.take(entry)) return false;
      }
      const last = entries.at(-1)?.position;
      rest = more && last ? { ...rest, ...(request.backwards ? { before: last } : { after: last }) } : undefined;
    }
    return true;
  }

  /** With the bytes that the tail has given up. @throws RpcError resource-constraint */
  async #whole(
    entries: readonly ArchivedEntry[],
    wanted: readonly TailEntry[],
    epoch: number,
  ): Promise<readonly ArchivedEntry[]> {
    const bare = new Set(
      entries.filter(({ envelope }) => envelope.length === 0).map(({ position }) => position.sequence),
    );
    if (bare.size === 0) return entries;
    const asked = wanted.filter((entry) => isBodiless(entry) && bare.has(entry.sequence));
    let found: readonly TailEntry[];
    try {
      found = await this.#options.archive.whole(asked);
    } catch (error) {
      // Policy: as when the end of the log cannot be found.
      throw error instanceof LogUnavailableError ? this.#away('the log is away', error) : error;
    }
    const whole = new Map(found.map((entry) => [entry.sequence, archivedOf(entry, epoch)]));
    return entries.map((entry) =>
      entry.envelope.length === 0 ? (whole.get(entry.position.sequence) ?? entry) : entry,
    );
  }

  /** Undefined: too many, or too costly to tell. */
  async #count({ with: jid }: PageRequest, range: PageRange): Promise<number | undefined> {
    const { db, config } = this.#options;
    if (isFullJid(jid)) return undefined;
    let count = 0;
    for (const part of await this.#ask(() => boundedInTime(db, range)))
      count += await this.#ask(() => countPage(db, part, config.pageCountMax));
    return count > config.pageCountMax ? undefined : count;
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#options.archive.databaseAnswered();
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

class TooSlowError extends Error {
  override readonly name = 'TooSlowError';
}

const isFullJid = (jid: string): boolean => jid !== '' && isFull(jid as Jid);

function rangeOf(request: PageRequest, upTo: Position): PageRange {
  return {
    owner: request.user,
    after: request.after ?? START,
    before: request.before ?? undefined,
    upTo,
    startMs: request.startMs ?? undefined,
    endMs: request.endMs ?? undefined,
    peer: request.with === '' ? '' : bareOf(request.with as Jid),
    ids: request.ids,
  };
}

/** In the page's direction. False: there was no room for all. */
function takeTail(page: Page, entries: readonly TailEntry[], epoch: number): boolean {
  const reach = withinReach(entries);
  return entries.every((entry, i) => (i < reach ? page.take(archivedOf(entry, epoch), entry.size) : page.cut()));
}
