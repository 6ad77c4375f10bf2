import type { Bus, Delivery } from '@starling/bus';
import {
  type ArchivedEntry,
  COPY,
  decodeArchivePreferences,
  decodeBlockList,
  decodeEnvelope,
  decodeRosterChange,
  decodeSessionTable,
  deliveredAnswer,
  type Envelope,
  FATE,
  KIND,
  type Position,
  type SessionTable,
} from '@starling/contracts';
import { type HookMap, type Hooks, wantsCarbons } from '@starling/feature-api';
import { verdictOf } from '@starling/features/rfc-6121-delivery/verdict';
import { waitsOffline } from '@starling/features/xep-0160-offline/waits-offline';
import { type BareJid, isFull, type Jid, resourceOf } from '@starling/jid';
import type { BoundCounter, Logger } from '@starling/runtime';
import { delayXml, Stanza, StanzaError, type StanzaKind, withChild } from '@starling/stanza';
import type { Tracer } from '@starling/trace';
import { asksForSessions } from './ask-sessions.ts';
import type { FollowedUser } from './followed-user.ts';
import type { Arrival, FeedSink } from './following.ts';
import { DeliveryTimes } from './message-times.ts';
import type { EdgeMetrics } from './metrics.ts';
import { hide } from './presence/shown.ts';
import { deservesAnswer, refusalOf } from './refusal.ts';
import type { ClientSession } from './session.ts';
import type { UserSessions } from './user-sessions.ts';

const NOBODY: readonly ClientSession[] = [];

/** What happens to everything that comes for a user: from the bus to the sessions that this edge holds of him. */
export class Outbound implements FeedSink {
  readonly #edge: string;
  readonly #domain: string;
  readonly #bus: Pick<Bus, 'publish'>;
  readonly #onTable: (user: BareJid, table: SessionTable) => void;
  readonly #onQuestion: (user: FollowedUser, replyTo: string) => void;
  readonly #onDirect: (user: FollowedUser, session: ClientSession, position: Position) => void;
  readonly #onAccountDeleted: (user: FollowedUser, position: Position) => void;
  readonly #hooks: Hooks;
  readonly #tracer: Tracer | undefined;
  readonly #delivered: Readonly<Record<StanzaKind, BoundCounter>>;
  readonly #times: DeliveryTimes;
  readonly #log: Logger;

  constructor(options: {
    edge: string;
    domain: string;
    bus: Pick<Bus, 'publish'>;
    onTable: (user: BareJid, table: SessionTable) => void;
    /** Somebody wants to know the user's sessions. */
    onQuestion: (user: FollowedUser, replyTo: string) => void;
    /** An entry of the log that is for one resource has gone to it. */
    onDirect: (user: FollowedUser, session: ClientSession, position: Position) => void;
    /** The log says that the account has ended. */
    onAccountDeleted: (user: FollowedUser, position: Position) => void;
    hooks: Hooks;
    tracer: Tracer | undefined;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    const { stanzasOut } = options.metrics;
    this.#edge = options.edge;
    this.#domain = options.domain;
    this.#bus = options.bus;
    this.#onTable = options.onTable;
    this.#onQuestion = options.onQuestion;
    this.#onDirect = options.onDirect;
    this.#onAccountDeleted = options.onAccountDeleted;
    this.#hooks = options.hooks;
    this.#tracer = options.tracer;
    this.#delivered = {
      message: stanzasOut.with({ kind: 'message' }),
      presence: stanzasOut.with({ kind: 'presence' }),
      iq: stanzasOut.with({ kind: 'iq' }),
    };
    this.#times = new DeliveryTimes(options.metrics);
    this.#log = options.log;
  }

  /** 1 An entry of the log goes through the feed, so that each comes once and in order; all else is live. */
  arrived(user: FollowedUser, { commit, data, replyTo }: Delivery): void {
    if (commit !== undefined) {
      user.feed.committed(commit, data);
      return;
    }
    const envelope = this.#read(data);
    if (envelope === undefined) return;
    if (asksForSessions(envelope, replyTo)) {
      this.#onQuestion(user, replyTo);
      return;
    }
    const last = user.feed.last?.sequence ?? 0;
    if (envelope.after > last)
      user.live.keep({ envelope, replyTo }, envelope.after); // RFC 6120 §10.1: not before what it was sent behind
    else this.live(user, { envelope, replyTo });
  }

  entry(user: FollowedUser, entry: Uint8Array, position: Position): void {
    const envelope = this.#read(entry);
    if (envelope !== undefined) this.live(user, { envelope, replyTo: '' }, position);
    user.live.passed(user.feed.last?.sequence ?? 0);
  }

  /** 2 What it is; with its place in the log if it has one. */
  live(user: FollowedUser, arrival: Arrival, position?: Position): void {
    const { kind, trace } = arrival.envelope;
    if (kind === KIND.message) {
      const hop = this.#tracer?.follow('message delivered', trace);
      this.#message(user, arrival.envelope, position);
      hop?.end({ sessions: user.sessions.local.size });
    } else if (kind === KIND.presence) {
      const hop = this.#tracer?.follow('presence delivered', trace);
      this.#presence(user, arrival.envelope);
      hop?.end({ sessions: user.sessions.local.size });
    } else if (kind === KIND.iq) {
      const hop = this.#tracer?.follow('iq delivered', trace);
      this.#iq(user, arrival);
      hop?.end({ sessions: user.sessions.local.size });
    } else if (kind === KIND.sessionTable) this.#table(user, arrival.envelope);
    else if (kind === KIND.blocksChanged) this.#blocks(user, arrival.envelope);
    else if (kind === KIND.preferencesChanged) this.#preferences(user, arrival.envelope);
    else if (kind === KIND.accountDeleted && position !== undefined) this.#onAccountDeleted(user, position);
    else if (kind === KIND.rosterChange) this.#rosterChange(user, arrival.envelope);
  }

  /** 3 Who gets it: RFC 6121 §8.5 over the user's sessions on all edges; each edge serves its own. */
  #message(user: FollowedUser, envelope: Envelope, position: Position | undefined): void {
    const { jid, sessions, stream } = user;
    if (sessions.local.size === 0) return; // somebody is still being bound
    const isOwn = envelope.copy === COPY.sent;
    if (isOwn && !hasTakers(sessions, envelope)) return;
    if (!isOwn && !this.#mayPass('message', user, envelope, () => isFirst(sessions))) return;
    const event: HookMap['user:message'] = { user: jid, envelope, position, stream, stanza: envelope.stanza };
    if (this.#hooks.runNow('user:message', event) !== 'next') return;
    const { stanza } = event;
    const due = position === undefined ? sessions.local : dueAt(sessions.local, position);
    const delivered = isOwn ? NOBODY : chosen(envelope, sessions, due);
    for (const session of delivered) {
      this.#deliver('message', session, stanza, position);
      if (session.isConnected) this.#times.delivered(envelope.fate, envelope.sentAtMs);
    }
    if (position !== undefined && isFull(envelope.to))
      for (const session of delivered) this.#onDirect(user, session, position);
    this.#hooks.runNow('user:delivered', { user: jid, envelope, position, stanza, sessions: due, delivered });
  }

  /**
   * XEP-0198 §5: an entry of the log to one session that goes on, as it came, or would have come, live; `kept`: it had been sent to it.
   * @returns whether it was for it
   */
  replay(user: FollowedUser, session: ClientSession, entry: ArchivedEntry, kept: boolean): boolean {
    const envelope = this.#read(entry.envelope);
    const hop = this.#tracer?.follow('message replayed', envelope?.trace);
    const isSent = this.#replay(user, session, envelope, entry.position, kept);
    hop?.end({ sent: isSent });
    return isSent;
  }

  #replay(
    user: FollowedUser,
    session: ClientSession,
    envelope: Envelope | undefined,
    position: Position,
    kept: boolean,
  ): boolean {
    if (envelope?.kind === KIND.accountDeleted) this.#onAccountDeleted(user, position);
    else if (envelope?.kind === KIND.blocksChanged) this.#blocks(user, envelope);
    else if (envelope?.kind === KIND.preferencesChanged) this.#preferences(user, envelope);
    if (envelope?.kind !== KIND.message) return false;
    const { jid, sessions, stream, deletedAt } = user;
    if (deletedAt !== undefined && !session.isBoundBehind(deletedAt)) return false; // it is of the next account of that name
    const isOwn = envelope.copy === COPY.sent;
    if (isOwn ? !wantsCarbons.get(session) : !this.#mayPass('message', user, envelope, () => false)) return false;
    const event: HookMap['user:message'] = { user: jid, envelope, position, stream, stanza: envelope.stanza };
    if (this.#hooks.runNow('user:message', event) !== 'next') return false;
    const { stanza } = event;
    const own = new Map([[session.resource, session]]);
    const isFor = kept
      ? !isFull(envelope.to) || resourceOf(envelope.to) === session.resource
      : chosen(envelope, sessions, own).length > 0;
    const delivered = isFor && !isOwn ? [session] : NOBODY;
    for (const taker of delivered) this.#deliver('message', taker, stanza, position);
    if (isFull(envelope.to)) for (const taker of delivered) this.#onDirect(user, taker, position);
    const sent = session.sm?.queue.length;
    this.#hooks.runNow('user:delivered', { user: jid, envelope, position, stanza, sessions: own, delivered });
    return delivered.length > 0 || sent !== session.sm?.queue.length;
  }

  /** XEP-0160 §2: what has waited for the user, to one of his sessions; as it would have come live, but for the delay. */
  offline(user: FollowedUser, session: ClientSession, entry: ArchivedEntry): boolean {
    const envelope = this.#read(entry.envelope);
    if (envelope === undefined || !waitsOffline(envelope).waits) return false;
    const hop = this.#tracer?.follow('message delivered late', envelope.trace);
    const isSent = this.#offline(user, session, envelope, entry);
    hop?.end({ sent: isSent });
    return isSent;
  }

  #offline(
    user: FollowedUser,
    session: ClientSession,
    envelope: Envelope,
    { position, committedAtMs }: ArchivedEntry,
  ): boolean {
    if (!this.#mayPass('message', user, envelope, () => false)) return false;
    const { jid, stream } = user;
    const event: HookMap['user:message'] = { user: jid, envelope, position, stream, stanza: envelope.stanza };
    if (this.#hooks.runNow('user:message', event) !== 'next') return false;
    const delayed = withChild(event.stanza, delayXml(this.#domain, committedAtMs));
    this.#deliver('message', session, delayed, position);
    return true;
  }

  /** Directed presence (§4.6), and errors about presence; what is broadcast comes from the presence nodes. */
  #presence(user: FollowedUser, envelope: Envelope): void {
    const { sessions } = user;
    if (!this.#mayPass('presence', user, envelope, () => false)) return;
    const { from, to, type, sentAtMs: stamp } = envelope;
    const resource = resourceOf(to);
    if (type === 'error' && resource === '') return; // nobody has sent it from there
    const unavailable = type === 'unavailable';
    for (const session of sessions.local.values()) {
      if (resource === '' ? !session.available : session.resource !== resource) continue;
      if (unavailable) session.takeBackFrom(from); // §4.6.1
      if (type !== 'error' && !session.view.show({ from, stamp, unavailable, always: true })) continue;
      this.#deliver('presence', session, envelope.stanza);
    }
  }

  /** One edge answers whoever wants to know: the one that holds the session; if none does, that of the user's first session. */
  #iq(user: FollowedUser, { envelope, replyTo }: Arrival): void {
    const { sessions } = user;
    const resource = resourceOf(envelope.to);
    const session = sessions.local.get(resource);
    if (session !== undefined && session.sm?.takesLive !== false) {
      const passes = this.#mayPass('iq', user, envelope, () => replyTo === '');
      if (passes) this.#deliver('iq', session, envelope.stanza, undefined, this.#answered(session, envelope));
      if (replyTo !== '') this.#bus.publish(replyTo, deliveredAnswer(passes));
      return;
    }
    if (replyTo === '') return;
    const holder = sessions.rows.find((row) => row.resource === resource) ?? sessions.rows[0];
    if (holder === undefined || holder.edge === this.#edge) this.#bus.publish(replyTo, deliveredAnswer(false));
  }

  /** Features may keep it away from the user; then `answers` says whether it is for this edge to tell the sender. */
  #mayPass(kind: StanzaKind, { jid, sessions }: FollowedUser, envelope: Envelope, answers: () => boolean): boolean {
    if (sessions.local.size === 0) return false; // somebody is still being bound
    const { from, type, fate } = envelope;
    const verdict = this.#hooks.runNow('user:stanza', { user: jid, from, kind, type, durable: fate !== FATE.live });
    if (verdict === 'next') return true;
    if (verdict instanceof StanzaError && deservesAnswer(envelope) && answers()) this.#refuse(envelope, verdict);
    return false;
  }

  #refuse(envelope: Envelope, error: StanzaError): void {
    try {
      const { subject, data } = refusalOf(envelope, error);
      this.#bus.publish(subject, data);
    } catch (cause) {
      // Policy: a stanza that cannot be read has no answer, and is not delivered either.
      this.#log.error({ what: 'stanza_answer_failed', err: cause });
    }
  }

  /** XEP-0191: whoever is blocked from here on is gone for the user's clients, who will not hear of it when he goes. */
  #blocks({ jid, sessions }: FollowedUser, { stanza }: Envelope): void {
    const list = this.#decode(decodeBlockList, stanza);
    if (list === undefined) return;
    const local = [...sessions.local.values()];
    this.#hooks.runNow('user:blocks', { user: jid, list, sessions: local });
    this.#delivered.presence.inc(hide(local, (from) => !this.mayShow(jid, from)));
  }

  /** XEP-0441: only features care. */
  #preferences({ jid }: FollowedUser, { stanza }: Envelope): void {
    const preferences = this.#decode(decodeArchivePreferences, stanza);
    if (preferences !== undefined) this.#hooks.runNow('user:preferences', { user: jid, preferences });
  }

  /** Whether presence of `from` may be shown to the user. */
  mayShow(user: BareJid, from: string): boolean {
    const event = { user, from: from as Jid, kind: 'presence', type: '', durable: false } as const;
    return this.#hooks.runNow('user:stanza', event) === 'next';
  }

  /** 4 To the socket. */
  #deliver(kind: StanzaKind, session: ClientSession, stanza: Uint8Array, position?: Position, answers = ''): void {
    this.#delivered[kind].inc();
    session.deliver(stanza, position, answers);
  }

  /** The id of the client's request that this answers, when it has to be known. */
  #answered({ sm }: ClientSession, { type, stanza }: Envelope): string {
    if (sm === undefined || sm.openRequests.size === 0 || (type !== 'result' && type !== 'error')) return '';
    return this.#decode((data) => Stanza.decode(data).id, stanza) ?? '';
  }

  /** RFC 6121 §2.1.6, §3: the features know which of the sessions want it. */
  #rosterChange({ jid, sessions }: FollowedUser, { stanza }: Envelope): void {
    const change = this.#decode(decodeRosterChange, stanza);
    if (change === undefined) return;
    const local = [...sessions.local.values()];
    if (change.type === 'unsubscribed') {
      const resources = `${change.contact}/`;
      this.#delivered.presence.inc(hide(local, (from) => from.startsWith(resources))); // §3.2.2
    }
    void this.#hooks.run('user:roster', { user: jid, change, sessions: local });
  }

  #table({ jid }: FollowedUser, { stanza }: Envelope): void {
    const table = this.#decode(decodeSessionTable, stanza);
    if (table !== undefined) this.#onTable(jid, table);
  }

  #read(data: Uint8Array): Envelope | undefined {
    return this.#decode(decodeEnvelope, data);
  }

  #decode<T>(decode: (data: Uint8Array) => T, data: Uint8Array): T | undefined {
    try {
      return decode(data);
    } catch (error) {
      // Policy: what cannot be read cannot be delivered; it stays in the log, and the others must not wait for it.
      this.#log.error({ what: 'envelope_decode_failed', err: error });
      return undefined;
    }
  }
}

/** Those that get the entry at this place now: not one that is being brought up to date, or has it already. */
function dueAt(local: ReadonlyMap<string, ClientSession>, position: Position): ReadonlyMap<string, ClientSession> {
  for (const session of local.values())
    if (session.sm?.isDue(position) === false)
      return new Map([...local].filter(([, other]) => other.sm?.isDue(position) !== false));
  return local;
}

/** The sessions of this edge among those that RFC 6121 §8.5 chooses. */
function chosen(
  { type, to }: Envelope,
  { rows }: UserSessions,
  local: ReadonlyMap<string, ClientSession>,
): readonly ClientSession[] {
  const here: ClientSession[] = [];
  for (const row of verdictOf({ kind: 'message', type, resource: resourceOf(to) }, rows).sessions) {
    const session = local.get(row.resource);
    if (session !== undefined && session.id === row.session) here.push(session);
  }
  return here;
}

/** XEP-0280: whether a session here wants copies of what its user has sent with this one. Nobody else gets anything of it. */
function hasTakers({ local }: UserSessions, { origin }: Envelope): boolean {
  for (const session of local.values()) if (session.origin !== origin && wantsCarbons.get(session)) return true;
  return false;
}

/** Whether this edge holds the first one of a user's sessions: of all edges that hold one, it is the one that answers. */
function isFirst({ rows, local }: UserSessions): boolean {
  const [first] = [...rows].sort((a, b) => a.boundAt - b.boundAt || (a.session < b.session ? -1 : 1));
  return first !== undefined && local.get(first.resource)?.id === first.session;
}
