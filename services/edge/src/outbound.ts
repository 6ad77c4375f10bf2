import type { Delivery } from '@starling/bus';
import {
  COPY,
  decodeBlockList,
  decodeEnvelope,
  decodeSessionTable,
  type Envelope,
  FATE,
  KIND,
  SESSION_STATE,
  type SessionTable,
} from '@starling/contracts';
import type { Hooks } from '@starling/feature-api';
import { recipientsOf } from '@starling/features/rfc-6121-message/recipients';
import { resourceOf } from '@starling/jid';
import type { BoundCounter, Logger } from '@starling/runtime';
import { StanzaError, type StanzaKind, StreamError } from '@starling/stanza';
import { asksForSessions } from './ask-sessions.ts';
import type { FollowedUser } from './followed-user.ts';
import type { FeedSink } from './following.ts';
import type { EdgeMetrics } from './metrics.ts';
import { deservesAnswer, refusalOf } from './refusal.ts';
import type { ClientSession } from './session.ts';
import type { UserSessions } from './user-sessions.ts';

/** What happens to everything that comes for a user: from the bus to the sessions that this edge holds of him. */
export class Outbound implements FeedSink {
  readonly #onTable: (user: FollowedUser, table: SessionTable) => void;
  readonly #onQuestion: (user: FollowedUser, replyTo: string) => void;
  readonly #hooks: Hooks;
  readonly #publish: (subject: string, data: Uint8Array) => void;
  readonly #delivered: Readonly<Record<StanzaKind, BoundCounter>>;
  readonly #log: Logger;

  constructor(options: {
    onTable: (user: FollowedUser, table: SessionTable) => void;
    /** Somebody wants to know the user's sessions. */
    onQuestion: (user: FollowedUser, replyTo: string) => void;
    hooks: Hooks;
    publish: (subject: string, data: Uint8Array) => void;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    const { stanzasOut } = options.metrics;
    this.#onTable = options.onTable;
    this.#onQuestion = options.onQuestion;
    this.#hooks = options.hooks;
    this.#publish = options.publish;
    this.#delivered = {
      message: stanzasOut.with({ kind: 'message' }),
      presence: stanzasOut.with({ kind: 'presence' }),
      iq: stanzasOut.with({ kind: 'iq' }),
    };
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
      user.live.keep(envelope, envelope.after); // RFC 6120 §10.1: not before what it was sent behind
    else this.live(user, envelope);
  }

  entry(user: FollowedUser, entry: Uint8Array): void {
    const envelope = this.#read(entry);
    if (envelope !== undefined) this.live(user, envelope);
    user.live.passed(user.feed.last?.sequence ?? 0);
  }

  /** 2 What it is. */
  live(user: FollowedUser, envelope: Envelope): void {
    if (envelope.kind === KIND.message) this.#message(user, envelope);
    else if (envelope.kind === KIND.presence) this.#presence(user, envelope);
    else if (envelope.kind === KIND.iq) this.#iq(user, envelope);
    else if (envelope.kind === KIND.sessionTable) this.#table(user, envelope);
    else if (envelope.kind === KIND.blocksChanged) this.#blocks(user, envelope);
    else if (envelope.kind === KIND.accountDeleted) this.#accountDeleted(user);
  }

  /** 3 Who gets it: a message by RFC 6121 §8.5 over the user's sessions on all edges; each edge serves its own. */
  #message(user: FollowedUser, envelope: Envelope): void {
    const { sessions } = user;
    if (envelope.copy === COPY.sent || !this.#mayPass('message', user, envelope, () => isFirst(sessions))) return;
    for (const row of recipientsOf({ type: envelope.type, resource: resourceOf(envelope.to) }, sessions.rows)) {
      const session = sessions.local.get(row.resource);
      if (session !== undefined && session.id === row.session) this.#deliver('message', session, envelope);
    }
  }

  #presence(user: FollowedUser, envelope: Envelope): void {
    const { sessions } = user;
    if (!this.#mayPass('presence', user, envelope, () => false)) return;
    for (const session of sessions.local.values()) {
      if (session.state === SESSION_STATE.available) this.#deliver('presence', session, envelope);
    }
  }

  #iq(user: FollowedUser, envelope: Envelope): void {
    const session = user.sessions.local.get(resourceOf(envelope.to));
    if (session !== undefined && this.#mayPass('iq', user, envelope, () => true))
      this.#deliver('iq', session, envelope);
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
      this.#publish(subject, data);
    } catch (cause) {
      // Policy: a stanza that cannot be read has no answer, and is not delivered either.
      this.#log.error({ what: 'stanza_answer_failed', err: cause });
    }
  }

  #blocks({ jid, sessions }: FollowedUser, { stanza }: Envelope): void {
    const list = this.#decode(decodeBlockList, stanza);
    if (list !== undefined) this.#hooks.runNow('user:blocks', { user: jid, list, sessions: sessions.local.values() });
  }

  /** 4 To the socket. */
  #deliver(kind: StanzaKind, session: ClientSession, { stanza }: Envelope): void {
    this.#delivered[kind].inc();
    session.deliver(stanza);
  }

  /** XEP-0077 "Entity Cancels": all sessions of the account end; who asked for it hears the answer first. */
  #accountDeleted({ sessions }: FollowedUser): void {
    for (const session of [...sessions.local.values()])
      session.abortWhenIdle(new StreamError('not-authorized', 'the account was removed'));
  }

  #table(user: FollowedUser, { stanza }: Envelope): void {
    const table = this.#decode(decodeSessionTable, stanza);
    if (table !== undefined) this.#onTable(user, table);
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

/** Whether this edge holds the first one of a user's sessions: of all edges that hold one, it is the one that answers. */
function isFirst({ rows, local }: UserSessions): boolean {
  const [first] = [...rows].sort((a, b) => a.boundAt - b.boundAt || (a.session < b.session ? -1 : 1));
  return first !== undefined && local.get(first.resource)?.id === first.session;
}
