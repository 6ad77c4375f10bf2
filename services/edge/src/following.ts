import { type Bus, call, type Delivery } from '@starling/bus';
import {
  archive,
  comparePositions,
  type Envelope,
  encodeSessionTable,
  type Position,
  partitionOf,
  type SessionTable,
  START,
  streamOf,
  subjects,
} from '@starling/contracts';
import type { ArchiveSpan } from '@starling/feature-api';
import type { BareJid } from '@starling/jid';
import { type Logger, withDeadline } from '@starling/runtime';
import { StreamError } from '@starling/stanza';
import type { EdgeConfig } from './config.ts';
import type { Digests, FollowedUsers } from './digests.ts';
import { FollowedUser, type FollowingHost } from './followed-user.ts';
import { HeldSessions } from './held-sessions.ts';
import type { EdgeMetrics } from './metrics.ts';
import type { ClientSession } from './session.ts';
import { StreamEnds } from './stream-ends.ts';
import type { LifeListener, StreamLives } from './stream-lives.ts';
import type { UserSessions } from './user-sessions.ts';

/** Where what comes for a user goes. */
export interface FeedSink {
  /** Something was published for the user. */
  arrived(user: FollowedUser, delivery: Delivery): void;
  /** An entry of the user's log, in its turn. */
  entry(user: FollowedUser, entry: Uint8Array, position: Position): void;
  /** A live stanza that has waited for its entry. */
  live(user: FollowedUser, arrival: Arrival): void;
}

/** What waits offline is delivered by this. */
export interface CoverageWatch {
  /** It may be known anew which sessions the user has. */
  changed(user: FollowedUser): void;
  /** A session gets nothing any more. */
  left(user: FollowedUser, session: ClientSession): void;
  /** A session has been given this part of its archive. */
  wasRead(user: FollowedUser, session: ClientSession, span: ArchiveSpan): void;
}

/** What came for a user, in its turn. */
export interface Arrival {
  readonly envelope: Envelope;
  /** Where it is said whether it was delivered; '' when nobody asks. */
  readonly replyTo: string;
}

/** The users that have sessions on this edge: whom it listens for, and what is known of their sessions on all edges. */
export class Following implements FollowedUsers, LifeListener {
  readonly #users = new Map<BareJid, FollowedUser>();
  /** All sessions, those that are being bound included. */
  readonly #sessions = new HeldSessions();
  /** Sessions that are over and still have messages in hand, by user: they take memory like others. */
  readonly #leaving = new Map<BareJid, number>();
  readonly #bus: Bus;
  readonly #streams: number;
  readonly #config: EdgeConfig;
  readonly #digests: Digests;
  readonly #ends: StreamEnds;
  readonly #lives: StreamLives;
  readonly #sink: FeedSink;
  readonly #coverage: CoverageWatch;
  readonly #displaced: (session: ClientSession) => void;
  readonly #metrics: EdgeMetrics;
  readonly #log: Logger;
  readonly #host: FollowingHost;

  constructor(options: {
    bus: Bus;
    streams: number;
    config: EdgeConfig;
    digests: Digests;
    lives: StreamLives;
    sink: FeedSink;
    coverage: CoverageWatch;
    /** A session without a connection has gone on elsewhere, or another one has its resource. */
    displaced: (session: ClientSession) => void;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    this.#bus = options.bus;
    this.#streams = options.streams;
    this.#config = options.config;
    this.#digests = options.digests;
    this.#ends = new StreamEnds(options.bus, options.config.positionTimeoutMs);
    this.#lives = options.lives;
    this.#sink = options.sink;
    this.#coverage = options.coverage;
    this.#displaced = options.displaced;
    this.#metrics = options.metrics;
    this.#log = options.log;
    this.#host = this.#hostUsers();
  }

  sessions(): HeldSessions {
    return this.#sessions;
  }

  userOf(user: BareJid): FollowedUser | undefined {
    return this.#users.get(user);
  }

  /** The user's sessions, if he has one here. */
  sessionsOf(user: BareJid): UserSessions | undefined {
    return this.#users.get(user)?.sessions;
  }

  /** Where the user's log ends, as far as it has been heard of here. */
  logEndOf(user: BareJid): Position | undefined {
    return this.#users.get(user)?.feed.last;
  }

  /** All users that have sessions here. */
  *sessionsByUser(): Iterable<{ user: BareJid; sessions: readonly ClientSession[] }> {
    for (const { jid, sessions } of [...this.#users.values()])
      if (sessions.local.size > 0) yield { user: jid, sessions: [...sessions.local.values()] };
  }

  /** Sessions that a user has, is about to have, or has left with messages in hand, on this edge. */
  countOf(user: BareJid): number {
    const { sessions, binding = 0 } = this.#users.get(user) ?? {};
    return (sessions?.local.size ?? 0) + binding + (this.#leaving.get(user) ?? 0);
  }

  *positions(stream: number): Iterable<{ user: BareJid; position: Position | undefined }> {
    for (const { jid, stream: own, feed } of this.#users.values()) {
      if (own === stream) yield { user: jid, position: feed.last };
    }
  }

  reaches(user: string, position: Position): void {
    this.#users.get(user as BareJid)?.feed.reaches(position);
  }

  settled(user: BareJid, epoch: number): void {
    this.#users.get(user)?.feed.settled(epoch);
  }

  doubted(stream: number): void {
    for (const { stream: own, feed } of this.#users.values()) if (own === stream) feed.doubt();
  }

  known(stream: number): void {
    for (const { stream: own, feed } of this.#users.values()) if (own === stream) feed.known();
  }

  /** A session is about to be bound: resolves when all that comes for its user arrives here. detach() is to follow in any case. */
  async reserve(session: ClientSession): Promise<void> {
    const known = this.#users.get(session.user);
    const user = known ?? this.#open(session.user, session.sm?.reached);
    user.binding++;
    this.#sessions.add(session);
    // Who was here before may be another one: that his account was removed since is perhaps on its way, or lost.
    const at = known === undefined ? user.ready : this.#catchUp(user);
    await user.ready;
    const behind = await at;
    session.boundBehind = session.sm === undefined ? behind : session.sm.reached;
  }

  /** From now on the session gets what comes for its user. */
  attach(session: ClientSession): void {
    const user = this.#users.get(session.user);
    if (user === undefined) throw new Error('attach() without reserve()');
    user.binding--;
    session.attached = true;
    const older = user.sessions.add(session);
    this.#metrics.sessions.inc();
    if (older !== undefined) this.#displace(older);
    // Its resource may have been bound again while its own client was not told yet.
    if (user.sessions.isDisplaced(session)) this.#displace(session);
    if (user.deletedAt !== undefined) this.#endOlder(user, user.deletedAt);
    // Of one that goes on here the table has told before.
    if (session.sm !== undefined) this.#coverage.changed(user);
  }

  /** XEP-0077 §3.2: the account has ended at this place of its log, and with it all sessions that are not of a next one. */
  accountDeleted(user: FollowedUser, at: Position): void {
    if (user.deletedAt === undefined || comparePositions(at, user.deletedAt) > 0) user.deletedAt = at;
    this.#endOlder(user, user.deletedAt);
  }

  /** At once they get nothing any more that comes for the user, who may be another one behind it; who asked for the removal hears the answer. */
  #endOlder(user: FollowedUser, position: Position): void {
    for (const session of [...user.sessions.local.values()]) {
      if (session.isBoundBehind(position)) continue;
      user.sessions.remove(session);
      this.#coverage.left(user, session);
      session.abortWhenIdle(new StreamError('not-authorized', 'the account was removed'));
      if (!session.isConnected) this.#displaced(session); // its client cannot come back
    }
  }

  /** The session is over, or was never attached. */
  detach(session: ClientSession): void {
    const user = this.#users.get(session.user);
    if (user === undefined || !this.#sessions.delete(session)) return;
    if (session.attached) {
      this.#metrics.sessions.dec();
      user.sessions.remove(session);
      this.#coverage.left(user, session);
    } else user.binding--;
    this.#closeIfUnused(user);
    this.#leave(session, 1);
    session.whenIdle(() => this.#leave(session, -1));
  }

  /** The session has been given this part of its archive. */
  wasRead(session: ClientSession, span: ArchiveSpan): void {
    const user = this.#users.get(session.user);
    if (user !== undefined) this.#coverage.wasRead(user, session, span);
  }

  #leave({ user }: ClientSession, change: 1 | -1): void {
    const count = (this.#leaving.get(user) ?? 0) + change;
    if (count === 0) this.#leaving.delete(user);
    else this.#leaving.set(user, count);
  }

  /** The owner of the user's presence says which sessions there are. */
  learn(jid: BareJid, table: SessionTable): void {
    const user = this.#users.get(jid);
    if (user === undefined) return;
    const displaced = user.sessions.learn(table);
    this.#coverage.changed(user);
    for (const session of displaced) this.#displace(session);
  }

  /** RFC 6120 §7.7.2.2: the newer one wins. */
  #displace(session: ClientSession): void {
    if (session.isConnected) session.fail(new StreamError('conflict'));
    else this.#displaced(session);
  }

  /** Tells somebody who has asked for it which sessions the user has. */
  tellSessions({ jid, sessions }: FollowedUser, replyTo: string): void {
    const table = { user: jid, epoch: 0, version: 0, rows: sessions.rows };
    this.#bus.publish(replyTo, encodeSessionTable(table));
  }

  /** @param reached where the log had got to for a session that goes on here */
  #open(jid: BareJid, reached: Position | undefined): FollowedUser {
    const user = new FollowedUser(jid, streamOf(partitionOf(jid), this.#streams), this.#host, reached);
    this.#users.set(jid, user);
    this.#metrics.users.set(this.#users.size);
    return user;
  }

  #closeIfUnused(user: FollowedUser): void {
    if (user.binding > 0 || user.sessions.local.size > 0) return;
    user.subscription.unsubscribe();
    user.feed.close();
    user.live.close();
    this.#users.delete(user.jid);
    this.#metrics.users.set(this.#users.size);
  }

  #hostUsers(): FollowingHost {
    const { liveHeld, gaps } = this.#metrics;
    return {
      heldEntriesMax: this.#config.heldEntriesMax,
      subscribe: ({ jid }, arrived) => this.#bus.subscribe(subjects.user(jid), arrived),
      arrived: (user, delivery) => this.#sink.arrived(user, delivery),
      entry: (user, entry, position) => this.#sink.entry(user, entry, position),
      live: (user, arrival, by) => {
        liveHeld.inc(1, { by });
        this.#sink.live(user, arrival);
      },
      epochOf: (stream) => this.#digests.epochOf(stream),
      isCurrent: (stream, epoch) => this.#lives.isCurrent(stream, epoch),
      fetch: (user, after, upTo) => this.#fetch(user, after, upTo),
      findEnd: (user, reached) =>
        reached === undefined ? this.#findEndOfStream(user) : this.#findEndOfLog(user, reached),
      onGap: (cause) => gaps.inc(1, { cause }),
    };
  }

  #fetch({ jid, stream }: FollowedUser, after: Position, upTo: Position) {
    const request = { user: jid, after, upTo, limit: this.#config.gapPageMax };
    return call(this.#bus, archive.gap(stream), request, this.#config.rpcTimeoutMs);
  }

  /**
   * Where the log's stream ends now, so that the session gets all that comes behind: the user's own last entry is before that. Bounded: a bind
   * does not wait for the archive.
   */
  async #findEndOfStream({ stream, feed }: FollowedUser): Promise<Position | undefined> {
    try {
      // The question goes to the server behind the subscription.
      const upTo = await this.#ends.of(stream);
      if (upTo) feed.startAt(upTo);
      return upTo;
    } catch (error) {
      // Policy: without the archive the feed starts at the next entry; chat does not wait for PostgreSQL.
      this.#log.debug({ what: 'log_end_lookup_failed', err: error });
      return undefined;
    }
  }

  /** Where the user's log ends behind `reached`, for a feed that could not learn it when it began. Never rejects. */
  async findEnd(user: FollowedUser, reached: Position): Promise<void> {
    await this.#findEndOfLog(user, reached);
  }

  /** As of a stream, for a session that goes on here: what was written behind its place is known also while the epoch is not. */
  async #findEndOfLog({ jid: user, stream, feed }: FollowedUser, reached: Position): Promise<Position | undefined> {
    const timeoutMs = this.#config.positionTimeoutMs;
    try {
      // Of what was written lately the archive knows without the database what is behind a place.
      const request = { known: [{ user, position: reached }], fresh: true };
      const { last, upTo } = await call(this.#bus, archive.last(stream), request, timeoutMs);
      const own = last.find((l) => l.user === user)?.position ?? reached;
      feed.startAt(own);
      // Else the first message of an account would look like one behind a gap: its creation is an entry, too.
      if (upTo) feed.startAt(upTo);
      return upTo ?? own;
    } catch (error) {
      // Policy: as above.
      this.#log.debug({ what: 'log_end_lookup_failed', err: error });
      return undefined;
    }
  }

  /** Where the log ends now, when all up to there has been delivered to the sessions that there are. Bounded. */
  async #catchUp({ jid, stream, feed, ready }: FollowedUser): Promise<Position | undefined> {
    const timeoutMs = this.#config.positionTimeoutMs;
    try {
      const request = { known: [{ user: jid, position: START }], fresh: true };
      const { last, upTo } = await call(this.#bus, archive.last(stream), request, timeoutMs);
      const end = last.find((l) => l.user === jid)?.position;
      await ready;
      if (end !== undefined && feed.last !== undefined)
        await withDeadline(feed.delivered(end), timeoutMs, 'end of the log');
      return upTo ?? end;
    } catch (error) {
      // Policy: as above; a removal that is learnt late ends this session, too, and its client logs in again.
      this.#log.debug({ what: 'log_end_lookup_failed', err: error });
      return undefined;
    }
  }
}
