import { setTimeout as pause } from 'node:timers/promises';
import { type Bus, call } from '@starling/bus';
import { type ArchivedEntry, comparePositions, offline, type Position } from '@starling/contracts';
import { type ArchiveSpan, archiveReadUpTo } from '@starling/feature-api';
import type { Logger } from '@starling/runtime';
import { distance } from '@starling/sm-queue';
import type { EdgeConfig } from '../config.ts';
import type { FollowedUser } from '../followed-user.ts';
import type { CoverageWatch } from '../following.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import type { Kept } from '../sm/managed-stream.ts';
import { CoveredReports } from './covered-reports.ts';
import type { Covering } from './user-coverage.ts';

/** Between two attempts while the archive or its database is away. */
const RETRY_MS = 2_000;
/** Who follows another one that has gone, and has been there before, asks later: what that one has got may still be on its way to the archive. */
const FOLLOW_MS = 1_000;
/** A client that has more than this to take gets no further page yet. */
const BUFFERED_BYTES_MAX = 256 * 1024;
const DRAIN_POLL_MS = 20;
/** One that does not take it gets it all the same, up to the bound of what is sent. */
const DRAIN_MS = 10_000;
/** Of a session that goes on, but does not cover. */
const ONCE = { settled: false, ended: true, archivedOnly: false } as const;
const ENDED = { settled: true, ended: true, archivedOnly: false } as const;

export interface OfflineDeliveryOptions {
  readonly bus: Bus;
  readonly config: EdgeConfig;
  /** Of a stream; 0 while it is not known. */
  readonly epochOf: (stream: number) => number;
  readonly userOf: (session: ClientSession) => FollowedUser | undefined;
  /** @returns whether it was a message that waits */
  readonly deliver: (user: FollowedUser, session: ClientSession, entry: ArchivedEntry) => boolean;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/**
 * XEP-0160. Offline is what no session has covered: the archive is told what sessions cover, and the first one of a user that begins to
 * (RFC 6121 §8.5.2.1.1: available, not negative) is given the rest, before anything that comes behind it.
 */
export class OfflineDelivery implements CoverageWatch {
  readonly #options: OfflineDeliveryOptions;
  readonly #reports: CoveredReports;
  /** Users of whom a session covers. */
  readonly #users = new Set<FollowedUser>();
  readonly #timer: NodeJS.Timeout;
  #isStopped = false;

  constructor(options: OfflineDeliveryOptions) {
    this.#options = options;
    this.#reports = new CoveredReports(options);
    this.#timer = setInterval(() => this.#reportAll(), options.config.offlineReportMs).unref();
  }

  /** Of the fullest stream: the bound is of each. */
  get reportsWaiting(): number {
    return this.#reports.longest;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#reports.stop();
  }

  changed(user: FollowedUser): void {
    const { coverage, sessions, feed } = user;
    const { begun, ended, first } = coverage.update(sessions.rows, sessions.local, feed.last);
    for (const covering of ended) this.#settle(user, covering);
    this.#note(user);
    if (first === undefined || first.isServed || first.isAsking) return;
    first.isAsking = true;
    void this.#serve(user, first, !begun.includes(first));
  }

  left(user: FollowedUser, session: ClientSession): void {
    const covering = user.coverage.remove(session);
    if (covering !== undefined) this.#settle(user, covering);
    this.#note(user);
  }

  /** One that does not cover has got what is for its resource (RFC 6121 §8.5.3.1): nobody else is to get that. */
  gotDirectly(user: FollowedUser, session: ClientSession, position: Position): void {
    const isTold = !user.coverage.has(session);
    // Told when its client says that it has it.
    if (session.sm !== undefined) session.sm.direct.set(position.sequence, isTold);
    else if (isTold) this.#tellDirect(user, session, position);
  }

  /** XEP-0198: the client says that it has got these. */
  arrived(session: ClientSession, arrived: readonly Kept[]): void {
    const { sm } = session;
    if (sm === undefined || (sm.direct.size === 0 && sm.read.length === 0)) return;
    const user = this.#options.userOf(session);
    for (const { position } of arrived) {
      const isTold = position && sm.direct.get(position.sequence);
      if (position === undefined || isTold === undefined) continue;
      sm.direct.delete(position.sequence);
      if (isTold && user !== undefined) this.#tellDirect(user, session, position);
    }
    const pages = sm.read.findIndex(({ sent }) => distance(sent, sm.queue.acked) < 0);
    for (const { span } of sm.read.splice(0, pages < 0 ? sm.read.length : pages))
      if (user !== undefined) this.#tellRead(user, session, span);
  }

  #tellDirect({ jid, stream }: FollowedUser, session: ClientSession, position: Position): void {
    const upTo = this.known(stream, position);
    if (upTo === undefined) return;
    const after = { epoch: upTo.epoch, sequence: upTo.sequence - 1 };
    this.#reports.add(stream, { user: jid, session: session.id, after, upTo, ...ONCE });
  }

  /** What its client has read in the archive nobody is to be given again; what is not in there still waits. */
  wasRead(user: FollowedUser, session: ClientSession, span: ArchiveSpan): void {
    const { sm } = session;
    // With stream management it has it when it says so.
    if (sm === undefined) this.#tellRead(user, session, span);
    else sm.read.push({ sent: sm.queue.sent, span });
  }

  #tellRead({ jid, stream, coverage }: FollowedUser, session: ClientSession, { after, upTo }: ArchiveSpan): void {
    if (coverage.of(session)?.isServed) return;
    this.#reports.add(stream, { user: jid, session: session.id, after, upTo, ...ONCE, archivedOnly: true });
  }

  #note(user: FollowedUser): void {
    if (user.coverage.isEmpty) this.#users.delete(user);
    else this.#users.add(user);
  }

  /** Delivers what waits to a session, however often the archive has to be asked, as long as the session covers. */
  async #serve(user: FollowedUser, covering: Covering, isLate: boolean): Promise<void> {
    const { coverage, feed } = user;
    const { metrics, log } = this.#options;
    if (isLate) await pause(FOLLOW_MS);
    let isTold = false;
    // What comes live waits for it, once. Without knowing where the log ends it always has to.
    for (let mayHalt = !isLate; coverage.holds(covering) && !this.#isStopped; mayHalt = false) {
      if (mayHalt || feed.last === undefined) this.#halt(user, covering);
      try {
        isTold = await this.#deliverAll(user, covering);
        break;
      } catch (error) {
        // Policy: the archive or its database is away. Nothing is lost, chat goes on, and it is asked again.
        metrics.offlineFailures.inc();
        log.debug({ what: 'offline_lookup_failed', err: error });
      } finally {
        this.#go(user, covering);
      }
      await pause(RETRY_MS, undefined, { ref: false });
    }
    covering.isAsking = false;
    if (covering.isServed && !isTold && coverage.holds(covering)) this.#tell(user, covering, 'served');
  }

  #halt({ feed }: FollowedUser, covering: Covering): void {
    covering.halts = true;
    feed.halt();
  }

  #go({ feed }: FollowedUser, covering: Covering): void {
    if (!covering.halts) return;
    covering.halts = false;
    feed.go();
  }

  /**
   * Page after page; returns when all is delivered, or when it is not this session's to deliver, and whether the archive knows that.
   * @throws RpcError
   */
  async #deliverAll(user: FollowedUser, covering: Covering): Promise<boolean> {
    const { bus, config, metrics, deliver } = this.#options;
    const { jid, stream, coverage, sessions, feed } = user;
    const { session } = covering;
    for (;;) {
      const request = {
        user: jid,
        session: session.id,
        after: covering.deliveredUpTo,
        upTo: this.#since(user, covering),
        sessions: sessions.rows.map((row) => row.session),
        passingOnly: false,
        readUpTo: this.known(stream, archiveReadUpTo.get(session)),
        boundBehind: this.known(stream, session.boundBehind),
      };
      const reply = await call(bus, offline.waiting(stream), request, config.offlineWaitMs);
      if (reply.taken || !coverage.holds(covering)) return false;
      let count = 0;
      for (const entry of reply.entries) if (deliver(user, session, entry)) count++;
      if (count > 0) metrics.offlineDelivered.inc(count);
      covering.deliveredUpTo = reply.reached;
      if (reply.complete) {
        if (feed.last === undefined) {
          feed.startAt(reply.reached);
          covering.since = reply.reached;
        }
        covering.isServed = true;
        if (reply.covered) covering.toldUpTo = reply.reached;
        return reply.covered;
      }
      await this.#drained(session);
    }
  }

  /** Waits until the client has taken most of what it was sent. */
  async #drained(session: ClientSession): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    while (session.bufferedBytes > BUFFERED_BYTES_MAX && performance.now() < deadline) await pause(DRAIN_POLL_MS);
  }

  #reportAll(): void {
    for (const user of this.#users) for (const covering of user.coverage.local) this.#tell(user, covering, 'open');
  }

  #settle(user: FollowedUser, covering: Covering): void {
    const { jid, stream } = user;
    const { deliveredUpTo, isServed, session } = covering;
    // It has ended in the middle of what had waited.
    const got = deliveredUpTo && arrivedUpTo(session, deliveredUpTo);
    if (!isServed && got !== undefined)
      this.#reports.add(stream, { user: jid, session: session.id, upTo: got, ...ENDED });
    this.#tell(user, covering, 'ended');
    // What is waiting behind is not for this session any more.
    this.#go(user, covering);
  }

  /** Up to where the session's client has got everything by now. */
  #tell({ jid, stream, feed }: FollowedUser, covering: Covering, when: 'open' | 'served' | 'ended'): void {
    const { session } = covering;
    // What it has got is not known before its replay is through (XEP-0198 §5).
    if (session.sm?.isReplaying) return; // it may come again
    const last = this.known(stream, feed.last);
    const upTo = last && arrivedUpTo(session, last);
    const since = this.known(stream, covering.since ?? feed.begin);
    if (upTo === undefined || since === undefined) return; // it may come again
    const { toldUpTo, isServed } = covering;
    if (!isServed && comparePositions(upTo, since) <= 0) return;
    if (when === 'open' && toldUpTo !== undefined && comparePositions(toldUpTo, upTo) >= 0) return;
    covering.toldUpTo = upTo;
    const after = isServed ? undefined : since;
    this.#reports.add(stream, {
      user: jid,
      session: session.id,
      after,
      upTo,
      settled: when !== 'open',
      ended: when === 'ended',
      archivedOnly: false,
    });
  }

  /** Where what comes live begins; undefined when nothing has come yet and it is not known where the log ends. @throws Error */
  #since({ stream, feed }: FollowedUser, { since = feed.begin }: Covering): Position | undefined {
    if (since === undefined) return undefined;
    const known = this.known(stream, since);
    if (known === undefined) throw new Error('the epoch is not known yet');
    return known;
  }

  /** With its epoch; undefined while that is not known. */
  known(stream: number, position: Position | undefined): Position | undefined {
    if (position === undefined || position.epoch > 0) return position;
    const epoch = this.#options.epochOf(stream);
    return epoch === 0 ? undefined : { ...position, epoch };
  }
}

/** XEP-0198: with stream management a session has got what its client says that it has; else what was written. */
function arrivedUpTo({ sm }: ClientSession, upTo: Position): Position {
  const first = sm?.firstUnacked;
  if (first === undefined) return upTo;
  const before = { epoch: first.epoch === 0 ? upTo.epoch : first.epoch, sequence: first.sequence - 1 };
  return comparePositions(before, upTo) < 0 ? before : upTo;
}
