import { type Bus, call, type Delivery } from '@starling/bus';
import {
  type ArchivedEntry,
  archive,
  COPY,
  decodeEnvelope,
  decodeSessionTable,
  type Envelope,
  encodeEnvelope,
  encodeSessionTable,
  FATE,
  KIND,
  type Kind,
  type Position,
  partitionOf,
  SESSION_STATE,
  type SessionTable,
  streamOf,
  subjects,
} from '@starling/contracts';
import { recipientsOf } from '@starling/features/rfc-6121-message/recipients';
import { type BareJid, resourceOf } from '@starling/jid';
import { type Logger, withDeadline } from '@starling/runtime';
import { StreamError } from '@starling/stanza';
import type { EdgeConfig } from './config.ts';
import type { Digests, FollowedUsers } from './digests.ts';
import { Feed } from './feed.ts';
import type { EdgeMetrics } from './metrics.ts';
import type { ClientSession } from './session.ts';
import { UserSessions } from './user-sessions.ts';

/** nats-server 2.9 lets re-publications of several connections overtake one another by some milliseconds. */
const GAP_GRACE_MS = 40;
/** Between two attempts to fetch a gap. */
const FETCH_RETRY_MS = 500;
const KIND_NAMES: Readonly<Partial<Record<Kind, string>>> = {
  [KIND.message]: 'message',
  [KIND.presence]: 'presence',
  [KIND.iq]: 'iq',
};

/** What happens to everything that comes for a user: from the bus to the sessions that this edge holds of him. */
export class Outbound implements FollowedUsers {
  readonly #users = new Map<BareJid, UserSessions>();
  readonly #bus: Bus;
  readonly #edge: string;
  readonly #streams: number;
  readonly #config: EdgeConfig;
  readonly #digests: Digests;
  readonly #metrics: EdgeMetrics;
  readonly #log: Logger;

  constructor(options: {
    bus: Bus;
    edge: string;
    streams: number;
    config: EdgeConfig;
    digests: Digests;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    this.#bus = options.bus;
    this.#edge = options.edge;
    this.#streams = options.streams;
    this.#config = options.config;
    this.#digests = options.digests;
    this.#metrics = options.metrics;
    this.#log = options.log;
  }

  userHere(user: BareJid): UserSessions | undefined {
    return this.#users.get(user);
  }

  *positions(): Iterable<{ user: BareJid; position: Position | undefined }> {
    for (const { user, feed } of this.#users.values()) yield { user, position: feed.last };
  }

  reaches(user: string, position: Position): void {
    this.#users.get(user as BareJid)?.feed.reaches(position);
  }

  /** A session's state or priority is another one. */
  sessionChanged(session: ClientSession): void {
    const user = this.#users.get(session.user);
    if (user !== undefined) this.#publishTable(user, false);
  }

  /** From now on this session gets what comes for its user. The older holder of its resource, here or elsewhere, is closed. */
  async attach(session: ClientSession): Promise<void> {
    const known = this.#users.get(session.user);
    const user = known ?? this.#open(session.user);
    const older = user.local.get(session.resource);
    user.local.set(session.resource, session);
    user.changed();
    older?.fail(new StreamError('conflict')); // RFC 6120 §7.7.2.2: the newer one wins
    this.#metrics.sessions.inc();
    if (known === undefined) await this.#findEndOfLog(user);
    this.#publishTable(user, known === undefined);
  }

  /** The session is over. */
  detach(session: ClientSession): void {
    const user = this.#users.get(session.user);
    if (user === undefined) return;
    this.#metrics.sessions.dec();
    if (user.local.get(session.resource) === session) user.local.delete(session.resource);
    user.changed();
    this.#publishTable(user, false);
    if (user.local.size > 0) return;
    user.subscription.unsubscribe();
    user.feed.close();
    this.#users.delete(session.user);
    this.#metrics.users.set(this.#users.size);
  }

  /** Tells the user's other edges which sessions this one has; `ask` wants theirs in return. */
  #publishTable(user: UserSessions, ask: boolean): void {
    user.changed();
    user.version = Math.max(user.version + 1, Date.now());
    const table = { user: user.user, edge: this.#edge, version: user.version, rows: user.localRows, ask };
    this.#bus.publish(
      subjects.user(user.user),
      encodeEnvelope(tableEnvelope(user.user, this.#edge, encodeSessionTable(table))),
    );
  }

  #open(jid: BareJid): UserSessions {
    const stream = streamOf(partitionOf(jid), this.#streams);
    const feed = new Feed({
      deliver: (entry) => this.#entry(user, entry),
      epoch: () => this.#digests.epochOf(stream),
      fetch: (after, upTo) => this.#fetch(jid, stream, after, upTo),
      graceMs: GAP_GRACE_MS,
      retryMs: FETCH_RETRY_MS,
      heldMax: this.#config.heldEntriesMax,
      onGap: (cause) => this.#metrics.gaps.inc(1, { cause }),
    });
    const subscription = this.#bus.subscribe(subjects.user(jid), (delivery) => this.#arrived(user, delivery));
    const user = new UserSessions(jid, feed, subscription);
    this.#users.set(jid, user);
    this.#metrics.users.set(this.#users.size);
    return user;
  }

  /** 1 An entry of the log goes through the feed, so that each comes once and in order; all else is live. */
  #arrived(user: UserSessions, { commit, data }: Delivery): void {
    if (commit !== undefined) user.feed.committed(commit, data);
    else this.#entry(user, data);
  }

  /** 2 What it is. */
  #entry(user: UserSessions, data: Uint8Array): void {
    let envelope: Envelope;
    try {
      envelope = decodeEnvelope(data);
    } catch (error) {
      // Policy: what cannot be read cannot be delivered; it stays in the log, and the others must not wait for it.
      this.#log.error({ what: 'envelope_decode_failed', err: error });
      return;
    }
    if (envelope.kind === KIND.message) this.#message(user, envelope);
    else if (envelope.kind === KIND.presence) this.#presence(user, envelope);
    else if (envelope.kind === KIND.iq) this.#iq(user, envelope);
    else if (envelope.kind === KIND.sessionTable) this.#table(user, decodeSessionTable(envelope.stanza));
    else if (envelope.kind === KIND.accountDeleted) this.#accountDeleted(user);
  }

  /** 3 Who gets a message: RFC 6121 §8.5 over the user's sessions on all edges; each edge serves its own. */
  #message(user: UserSessions, envelope: Envelope): void {
    if (envelope.copy === COPY.sent) return;
    for (const row of recipientsOf({ type: envelope.type, resource: resourceOf(envelope.to) }, user.rows)) {
      const session = user.local.get(row.resource);
      if (session !== undefined && session.id === row.session) this.#deliver(session, envelope);
    }
  }

  #presence(user: UserSessions, envelope: Envelope): void {
    for (const session of user.local.values()) {
      if (session.state === SESSION_STATE.available) this.#deliver(session, envelope);
    }
  }

  #iq(user: UserSessions, envelope: Envelope): void {
    const session = user.local.get(resourceOf(envelope.to));
    if (session !== undefined) this.#deliver(session, envelope);
  }

  /** 4 To the socket. */
  #deliver(session: ClientSession, envelope: Envelope): void {
    this.#metrics.stanzasOut.inc(1, { kind: KIND_NAMES[envelope.kind] ?? 'message' });
    session.deliver(envelope.stanza);
  }

  #table(user: UserSessions, table: SessionTable): void {
    if (table.edge === this.#edge) return;
    user.learn(table);
    for (const displaced of user.displacedBy(table, this.#edge)) displaced.fail(new StreamError('conflict'));
    if (table.ask) this.#publishTable(user, false);
  }

  /** XEP-0077 "Entity Cancels": all sessions of the account end. */
  #accountDeleted(user: UserSessions): void {
    for (const session of user.local.values())
      session.fail(new StreamError('not-authorized', 'the account was removed'));
  }

  async #fetch(
    user: BareJid,
    stream: number,
    after: Position,
    upTo: Position,
  ): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }> {
    const limit = this.#config.gapPageMax;
    return call(this.#bus, archive.gap(stream), { user, after, upTo, limit }, this.#config.rpcTimeoutMs);
  }

  /** Where the log ends now, so that the session gets all that comes behind. Bounded: a bind does not wait for the archive. */
  async #findEndOfLog(user: UserSessions): Promise<void> {
    const stream = streamOf(partitionOf(user.user), this.#streams);
    const timeoutMs = this.#config.positionTimeoutMs;
    try {
      await withDeadline(this.#bus.flush(), timeoutMs, 'bus flush');
      const { epoch, last } = await call(
        this.#bus,
        archive.last(stream),
        { known: [{ user: user.user, position: NOWHERE }] },
        timeoutMs,
      );
      user.feed.startAt(last.find((l) => l.user === user.user)?.position ?? { epoch, sequence: 0 });
    } catch (error) {
      // Policy: without the archive the feed starts at the next entry; chat does not wait for PostgreSQL.
      this.#log.debug({ what: 'log_end_lookup_failed', err: error });
    }
  }
}

const NOWHERE: Position = { epoch: 0, sequence: 0 };

function tableEnvelope(user: BareJid, edge: string, table: Uint8Array): Envelope {
  return {
    id: '',
    owner: user,
    from: user,
    to: user,
    kind: KIND.sessionTable,
    type: '',
    fate: FATE.live,
    copy: COPY.received,
    hints: 0,
    origin: edge,
    sentAtMs: 0,
    after: 0,
    stanza: table,
  };
}
