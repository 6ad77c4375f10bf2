import type { HostedFeatures, Target, Verdict } from '@starling/feature-api';
import { bareOf, domainOf, type FullJid, isFull, type Jid, localOf, tryParseJid } from '@starling/jid';
import type { BoundCounter, Logger } from '@starling/runtime';
import { errorReply, Stanza, StanzaError, type StanzaKind, StreamError, validateStanza } from '@starling/stanza';
import type { Tracer } from '@starling/trace';
import type { Scanned } from '@starling/xml';
import type { Answers } from './answers.ts';
import { withoutForged } from './forged.ts';
import { answerIq } from './iqs.ts';
import type { EdgeMetrics } from './metrics.ts';
import type { SessionPresence } from './presence/session-presence.ts';
import type { Visibility } from './presence/visibility.ts';
import type { Road } from './road.ts';
import type { ClientSession } from './session.ts';
import { traced } from './traced.ts';

/** What happens to every stanza that a client sends: from the socket to the features to the bus. */
export class Inbound {
  readonly #domain: string;
  readonly #features: HostedFeatures;
  readonly #road: Road;
  readonly #answers: Answers;
  readonly #presence: SessionPresence;
  readonly #visibility: Pick<Visibility, 'mayKnow'>;
  readonly #isBound: (jid: FullJid) => boolean;
  readonly #tracer: Tracer | undefined;
  readonly #received: Readonly<Record<StanzaKind, BoundCounter>>;
  readonly #metrics: EdgeMetrics;
  readonly #log: Logger;

  /** `isBound` tells whether an account that has a session here has one with that resource anywhere. */
  constructor(options: {
    domain: string;
    features: HostedFeatures;
    road: Road;
    answers: Answers;
    presence: SessionPresence;
    visibility: Pick<Visibility, 'mayKnow'>;
    isBound: (jid: FullJid) => boolean;
    tracer: Tracer | undefined;
    metrics: EdgeMetrics;
    log: Logger;
  }) {
    const { stanzasIn } = options.metrics;
    this.#domain = options.domain;
    this.#features = options.features;
    this.#road = options.road;
    this.#answers = options.answers;
    this.#presence = options.presence;
    this.#visibility = options.visibility;
    this.#isBound = options.isBound;
    this.#tracer = options.tracer;
    this.#received = {
      message: stanzasIn.with({ kind: 'message' }),
      presence: stanzasIn.with({ kind: 'presence' }),
      iq: stanzasIn.with({ kind: 'iq' }),
    };
    this.#metrics = options.metrics;
    this.#log = options.log;
  }

  /** A session's queue calls this, one stanza at a time. Never throws, never rejects: whatever goes wrong becomes an answer. */
  handle(session: ClientSession, scanned: Scanned): void | Promise<void> {
    // What a client says of itself, or asks, is void when it has gone; a message that it sent before is not.
    if (session.ended && scanned.name !== 'message') return;
    session.handled++;
    let stanza: Stanza | undefined;
    try {
      stanza = this.#accept(session, scanned); // 1 shape, stamp, strip
      if (stanza.kind === 'iq' && isRequest(stanza)) session.sm?.asked(stanza.id);
      const event = { session, stanza };
      const verdict = this.#features.hooks.run('client:stanza', event); // 2 features speak
      const settled =
        verdict instanceof Promise
          ? verdict.then((v) => this.#settle(session, event.stanza, v))
          : this.#settle(session, event.stanza, verdict); // 3 answer, or on to the road
      if (!(settled instanceof Promise)) return;
      const accepted = stanza;
      return settled.catch((error: unknown) => this.#refuse(session, accepted, error));
    } catch (error) {
      this.#refuse(session, stanza ?? unreadable(scanned), error); // 4 or refuse
    }
  }

  /** The stanza as its sender may send it. Throws StanzaError or StreamError. */
  #accept(session: ClientSession, scanned: Scanned): Stanza {
    const from = scanned.attrs.from;
    if (from !== undefined && from !== session.jid && !isSender(from, session)) throw new StreamError('invalid-from'); // §8.1.2.1
    const stanza = Stanza.fromScanned(scanned);
    this.#received[stanza.kind].inc();
    validateStanza(stanza);
    // §8.1.5: who does not say the language of a stanza writes in that of his stream.
    const stamped = stanza.with({ from: session.jid, lang: stanza.lang || session.lang });
    return withoutForged(stamped, this.#domain);
  }

  #settle(session: ClientSession, stanza: Stanza, verdict: Verdict): void | Promise<void> {
    if (verdict === 'handled') return;
    if (verdict !== 'next') throw verdict;
    if (stanza.kind === 'message') return this.#message(session, stanza);
    if (stanza.kind === 'iq') return this.#iq(session, stanza);
    this.#presence.fromClient(session, stanza);
  }

  #message(session: ClientSession, stanza: Stanza): void | Promise<void> {
    const to = stanza.to || session.user; // RFC 6120 §10.3.1: without a `to` it is for one's own bare JID
    this.#requireLocal(to);
    if (localOf(to) === '') throw new StanzaError('service-unavailable'); // §10.5.1, §10.5.2: nobody reads the server's mail
    return this.#road.message(session, stanza.to === '' ? stanza.with({ to }) : stanza, to);
  }

  #iq(session: ClientSession, stanza: Stanza): void | Promise<void> {
    const { to } = stanza;
    if (to !== '' && isFull(to) && localOf(to) !== '') return this.#iqToResource(session, stanza, to);
    if (!isRequest(stanza)) return; // §8.2.3: an answer that nobody here waits for
    if (to !== '') this.#requireLocal(to);
    const hop = this.#tracer?.begin('iq answered', session.user, bareOf(to || session.user));
    if (hop === undefined) return this.#answer(session, stanza);
    const { ns = '', name = '' } = stanza.firstChild() ?? {};
    const from = this.#tracer?.user(session.user) ?? '';
    const attributes = { type: stanza.type, ns, name, from, session: session.id };
    return traced(hop, attributes, () => this.#answer(session, stanza));
  }

  #answer(session: ClientSession, stanza: Stanza): void | Promise<void> {
    return answerIq(this.#features.iqs, session, stanza, this.#targetOf(stanza.to, session));
  }

  #targetOf(to: Jid | '', session: ClientSession): Target | undefined {
    if (to === '') return undefined;
    if (to === this.#domain) return 'server';
    return to === session.user ? 'account' : 'another-account';
  }

  /** RFC 6121 §8.5.3: who may not know of a resource gets the same answer as for one that is not there. */
  #iqToResource(session: ClientSession, stanza: Stanza, to: FullJid): void | Promise<void> {
    if (domainOf(to) !== this.#domain) {
      if (isRequest(stanza)) throw new StanzaError('remote-server-not-found'); // RFC 6120 §10.4
      return;
    }
    if (!isRequest(stanza)) {
      this.#answers.send(session, stanza, to).catch((error: unknown) => this.#refuse(session, stanza, error));
      return;
    }
    if (bareOf(to) === session.user) {
      // Between one's own resources: the table is here.
      this.#sendRequest(session, stanza, to, this.#isBound(to));
      return;
    }
    const mayKnow = this.#visibility.mayKnow(session.jid, to);
    if (mayKnow instanceof Promise) return mayKnow.then((known) => this.#sendRequest(session, stanza, to, known));
    this.#sendRequest(session, stanza, to, mayKnow);
  }

  /** It counts as handled when it is sent: that nobody is there is answered later. */
  #sendRequest(session: ClientSession, stanza: Stanza, to: FullJid, mayKnow: boolean): void {
    if (!mayKnow) {
      this.#metrics.requestsUndelivered.inc();
      throw new StanzaError('service-unavailable'); // §8.5.3.1, §8.5.3.2.3
    }
    this.#road.request(session, stanza, to).catch((error: unknown) => {
      this.#metrics.requestsUndelivered.inc();
      this.#refuse(session, stanza, error);
    });
  }

  #requireLocal(to: Jid): void {
    if (domainOf(to) !== this.#domain) throw new StanzaError('remote-server-not-found'); // RFC 6120 §10.4
  }

  /** Answers with the error that the stanza earned; an error or a result is never answered (§8.3.1). */
  #refuse(session: ClientSession, stanza: Stanza, error: unknown): void {
    if (error instanceof StreamError) {
      session.abort(error);
      return;
    }
    const known = error instanceof StanzaError;
    if (!known) this.#log.error({ what: 'stanza_handling_failed', session: session.id, err: error });
    if (stanza.type === 'error' || (stanza.type === 'result' && stanza.kind === 'iq')) return;
    const answer = known ? error : new StanzaError('internal-server-error', '', { cause: error });
    this.#metrics.stanzaErrors.inc(1, { condition: answer.condition });
    session.send(errorReply(stanza, answer));
  }
}

const isRequest = ({ type }: Stanza): boolean => type === 'get' || type === 'set';

/** §8.1.2.1: a client may name itself by its full or its bare JID, in any spelling. */
function isSender(from: string, session: ClientSession): boolean {
  const jid = tryParseJid(from);
  return jid === session.jid || jid === session.user;
}

/** As much of a stanza as an error needs that is about its own addresses or shape. */
function unreadable({ name, attrs }: Scanned): Stanza {
  const kind: StanzaKind = name === 'iq' || name === 'presence' ? name : 'message';
  return Stanza.build(kind, { type: attrs.type ?? '', id: attrs.id ?? '', to: tryParseJid(attrs.to ?? '') ?? '' });
}
