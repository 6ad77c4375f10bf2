import { RpcError } from '@starling/bus';
import { type Position, START } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { Logger } from '@starling/runtime';
import type { ArchiveConfig } from '../config.ts';
import { selectOffline, writeOffline } from '../sql/offline.ts';
import { type Coverage, cover, coverRead, type Span, uncovered } from './coverage.ts';

export interface OfflinePositionsOptions {
  readonly db: Db;
  readonly config: Pick<ArchiveConfig, 'offlineWriteMs' | 'offlineUsersMax'>;
  readonly logger: Logger;
  /** Whether it is known that the user has received nothing in this part of his log. */
  readonly isEmpty: (user: string, span: Span) => boolean;
}

/** What a session has covered. */
export interface Told {
  readonly user: string;
  readonly session: string;
  readonly span: Span;
  readonly settled: boolean;
  readonly ended: boolean;
  /** Read in the archive: what is not in there still waits. */
  readonly archivedOnly: boolean;
}

interface Known {
  coverage: Coverage;
  /** Not written yet, since when (performance.now()). */
  dirtySinceMs: number | undefined;
  /** Sessions that get everything as it comes, by id, and until when that is believed, unless they end. */
  readonly open: Map<string, number>;
  /** The session that delivers what waits, and until when that is believed. */
  serving: { readonly session: string; readonly untilMs: number } | undefined;
}

/** Holes of one user: each needs an edge that died, or a message to one resource while the others wanted none. */
const SPANS_MAX = 64;
/** What is settled in this time is written together. */
const SETTLE_MS = 50;
const FLUSH_EVERY_MS = 1_000;
/** Written by one statement. */
const WRITTEN_MAX = 2_000;
/** A session that delivers asks for its next page, or says that it has done, within this time. */
const SERVING_MS = 60_000;
/** An edge tells of a session that gets messages at least this often. */
const OPEN_MS = 90_000;

/** Of users whose logs are on one stream: what of them has been covered. In memory, and in the database when it is settled or a while later. */
export class OfflinePositions {
  readonly #options: OfflinePositionsOptions;
  /** The least recently used first. */
  readonly #users = new Map<string, Known>();
  /** Of them, those that are not written yet: next to none of the many. */
  readonly #dirty = new Map<string, Known>();
  /** Who is being read: whoever asks meanwhile waits for the same, so that what was told first counts first. */
  readonly #loading = new Map<string, Promise<void>>();
  readonly #timer: NodeJS.Timeout;
  #settling: Promise<void> | undefined;

  constructor(options: OfflinePositionsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#flushDue(), FLUSH_EVERY_MS).unref();
  }

  /** Writes what it has, if it can. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#settling?.catch(() => {}); // Policy: whoever waits for it hears of it.
    await this.#tryFlush(() => true);
  }

  /** Undefined: no account. @throws DbUnavailableError, RpcError */
  async coverageOf(user: string): Promise<Coverage | undefined> {
    await this.#load([user]);
    return this.#users.get(user)?.coverage;
  }

  /**
   * Those of them that are accounts have covered this; what is settled is written when this resolves. Returns what is about others.
   * @throws DbUnavailableError, RpcError: tell it again
   */
  async cover(all: readonly Told[]): Promise<readonly Told[]> {
    const unknown: Told[] = [];
    await this.#load(all.map(({ user }) => user));
    let isSettled = false;
    for (const told of all) {
      const { user, span, settled, session, ended, archivedOnly } = told;
      const known = this.#users.get(user);
      if (known === undefined) {
        unknown.push(told);
        continue;
      }
      if (archivedOnly) {
        known.coverage = coverRead(known.coverage, span, SPANS_MAX);
        this.#touch(user, known);
        continue;
      }
      if (ended) known.open.delete(session);
      else known.open.set(session, performance.now() + OPEN_MS);
      // Whoever reads an older position finds nothing more: most logins and their ends are not worth a row.
      const isNew = uncovered(known.coverage, span).some((hole) => !this.#options.isEmpty(user, hole));
      known.coverage = cover(known.coverage, span, SPANS_MAX);
      if (isNew) this.#touch(user, known);
      if (settled && known.dirtySinceMs !== undefined) known.dirtySinceMs = Number.NEGATIVE_INFINITY;
      if (known.serving?.session === session)
        known.serving = settled ? undefined : { session, untilMs: performance.now() + SERVING_MS };
      isSettled ||= settled && known.dirtySinceMs !== undefined;
    }
    if (isSettled) await this.#settle();
    return unknown;
  }

  #touch(user: string, known: Known): void {
    known.dirtySinceMs ??= performance.now();
    this.#dirty.set(user, known);
  }

  /** The session delivers what waits: unless another one does, which is still there. */
  take(user: string, session: string, sessions: readonly string[]): boolean {
    const known = this.#users.get(user);
    if (known === undefined) return true;
    const { serving } = known;
    const nowMs = performance.now();
    known.open.set(session, nowMs + OPEN_MS);
    const isTaken =
      serving !== undefined &&
      serving.session !== session &&
      serving.untilMs > nowMs &&
      sessions.includes(serving.session);
    if (!isTaken) known.serving = { session, untilMs: nowMs + SERVING_MS };
    return !isTaken;
  }

  /**
   * Nothing waits up to there for the session that has taken it: so it has covered that, without saying so. Not worth a row: whoever reads
   * an older position finds nothing more. False: it has to be said.
   */
  nothingWaits(user: string, session: string, upTo: Position): boolean {
    const known = this.#users.get(user);
    if (known?.serving?.session !== session) return false;
    known.coverage = cover(known.coverage, { after: START, upTo }, SPANS_MAX);
    known.serving = undefined;
    return true;
  }

  /** As far as is known here, a session gets what comes for the user. */
  isOpen(user: string): boolean {
    const nowMs = performance.now();
    const open = this.#users.get(user)?.open;
    // Of edges that died nobody says that they ended.
    for (const [session, untilMs] of open ?? []) if (untilMs <= nowMs) open?.delete(session);
    return (open?.size ?? 0) > 0;
  }

  /** The account was made, or removed. */
  forget(user: string): void {
    this.#users.delete(user);
    this.#dirty.delete(user);
    this.#loading.delete(user);
  }

  async #load(users: readonly string[]): Promise<void> {
    const missing: string[] = [];
    const loads = new Set<Promise<void>>();
    for (const user of new Set(users)) {
      const known = this.#users.get(user);
      const loading = this.#loading.get(user);
      if (loading !== undefined) loads.add(loading);
      else if (known === undefined) missing.push(user);
      else {
        this.#users.delete(user);
        this.#users.set(user, known);
      }
    }
    if (missing.length > 0) loads.add(this.#read(missing));
    await Promise.all(loads);
  }

  #read(users: readonly string[]): Promise<void> {
    this.#makeRoom(users.length);
    const reading = selectOffline(this.#options.db, users)
      .then((found) => {
        for (const { owner, coverage } of found)
          if (this.#loading.get(owner) === reading)
            this.#users.set(owner, { coverage, dirtySinceMs: undefined, open: new Map(), serving: undefined });
      })
      .finally(() => {
        for (const user of users) if (this.#loading.get(user) === reading) this.#loading.delete(user);
      });
    for (const user of users) this.#loading.set(user, reading);
    return reading;
  }

  #makeRoom(count: number): void {
    const { offlineUsersMax } = this.#options.config;
    for (const [user, { dirtySinceMs, serving }] of this.#users) {
      if (this.#users.size + count <= offlineUsersMax) return;
      if (dirtySinceMs === undefined && (serving === undefined || serving.untilMs < performance.now()))
        this.#users.delete(user);
    }
    if (this.#users.size + count > offlineUsersMax)
      throw new RpcError('resource-constraint', 'too many offline positions wait to be written');
  }

  /** One write for all that ask for it within a moment. */
  #settle(): Promise<void> {
    this.#settling ??= new Promise<void>((resolve, reject) => {
      setTimeout(() => {
        this.#settling = undefined;
        this.#flush((known) => known.dirtySinceMs === Number.NEGATIVE_INFINITY).then(resolve, reject);
      }, SETTLE_MS);
    });
    return this.#settling;
  }

  #flushDue(): Promise<void> {
    const dueMs = performance.now() - this.#options.config.offlineWriteMs;
    return this.#tryFlush(({ dirtySinceMs }) => dirtySinceMs !== undefined && dirtySinceMs <= dueMs);
  }

  async #tryFlush(isDue: (known: Known) => boolean): Promise<void> {
    try {
      await this.#flush(isDue);
    } catch (error) {
      // Policy: it stays where it is and is written with the next; without a database everybody knows that.
      if (!(error instanceof DbUnavailableError))
        this.#options.logger.error({ what: 'offline_write_failed', err: error });
    }
  }

  async #flush(isDue: (known: Known) => boolean): Promise<void> {
    if (this.#dirty.size === 0) return;
    const due = [...this.#dirty].filter(([, known]) => isDue(known));
    for (let i = 0; i < due.length; i += WRITTEN_MAX) {
      const page = due.slice(i, i + WRITTEN_MAX);
      const written = page.map(([owner, known]) => ({ owner, known, coverage: known.coverage }));
      await writeOffline(this.#options.db, written);
      for (const { owner, known, coverage } of written) {
        if (known.coverage !== coverage) continue;
        known.dirtySinceMs = undefined;
        if (this.#dirty.get(owner) === known) this.#dirty.delete(owner);
      }
    }
  }
}
