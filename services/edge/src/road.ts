import {
  type Bus,
  BusBusyError,
  type Log,
  LogBusyError,
  LogFullError,
  LogUnavailableError,
  NoRespondersError,
  RequestTimeoutError,
} from '@starling/bus';
import {
  COPY,
  type Copy,
  type Envelope,
  encodeEnvelope,
  entryId,
  FATE,
  type Fate,
  KIND,
  type Kind,
  subjects,
  wasDelivered,
} from '@starling/contracts';
import { fateOf } from '@starling/features/rfc-6121-message/fate';
import { mayBeCopied } from '@starling/features/xep-0280-carbons/should-copy';
import { hintsOf } from '@starling/features/xep-0334-message-hints/hints';
import { type BareJid, bareOf, type FullJid, type Jid } from '@starling/jid';
import type { BoundCounter, BoundHistogram } from '@starling/runtime';
import { type Stanza, StanzaError, type StanzaKind } from '@starling/stanza';
import type { Hop, TraceAttributes, Tracer } from '@starling/trace';
import { NS as FORGED } from './forged.ts';
import { HalfStored } from './half-stored.ts';
import { LogGate } from './log-gate.ts';
import { byFate, secondsSince } from './message-times.ts';
import type { EdgeMetrics } from './metrics.ts';
import type { ClientSession } from './session.ts';
import { traced } from './traced.ts';

export const NS = { stanzaId: FORGED.stanzaId, delay: FORGED.delay } as const;

const KIND_OF: Readonly<Record<StanzaKind, Kind>> = { message: KIND.message, presence: KIND.presence, iq: KIND.iq };

const FATE_NAME: Readonly<Record<Fate, string>> = {
  [FATE.live]: 'live',
  [FATE.passing]: 'passing',
  [FATE.archived]: 'archived',
};

/** One stanza on its way to a log or a feed. */
interface Outgoing {
  readonly session: ClientSession;
  readonly stanza: Stanza;
  readonly encoded: Uint8Array;
  readonly to: Jid;
  readonly fate: Fate;
  readonly hints: number;
  readonly sentAtMs: number;
  readonly trace?: Uint8Array | undefined;
}

/** What the ids of a stanza's entries are made of, beside their logs. */
interface Identity {
  readonly key: string;
  readonly payload: Uint8Array;
}

/** From the edge to the bus: what is durable goes on the logs, what is live on the feeds. */
export class Road {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #gate: LogGate;
  readonly #metrics: EdgeMetrics;
  readonly #halves: HalfStored;
  readonly #requestTimeoutMs: number;
  readonly #tracer: Tracer | undefined;
  readonly #wantsCopies: (session: ClientSession) => boolean;
  readonly #accepted: Readonly<Record<Fate, BoundCounter>>;
  readonly #stored: Readonly<Record<Fate, BoundHistogram>>;

  /**
   * `requestTimeoutMs`: how long another edge has to say what became of a request; `wantsCopies`: whether another session of the user wants
   * copies of what this one sends.
   */
  constructor(options: {
    bus: Bus;
    log: Log;
    metrics: EdgeMetrics;
    requestTimeoutMs: number;
    halfStoredMax: number;
    tracer: Tracer | undefined;
    wantsCopies: (session: ClientSession) => boolean;
  }) {
    const { bus, log, metrics } = options;
    this.#bus = bus;
    this.#log = log;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#tracer = options.tracer;
    this.#wantsCopies = options.wantsCopies;
    this.#gate = new LogGate(log);
    this.#metrics = metrics;
    this.#halves = new HalfStored(options.halfStoredMax);
    metrics.appendsWaiting.track(() => this.#gate.length);
    this.#accepted = {
      [FATE.live]: metrics.messages.with({ fate: 'live' }),
      [FATE.passing]: metrics.messages.with({ fate: 'passing' }),
      [FATE.archived]: metrics.messages.with({ fate: 'archived' }),
    };
    this.#stored = byFate(metrics.acceptSeconds);
  }

  /**
   * A message to a local account. Resolves when it counts as handled: a durable one when the recipient's log and the sender's own
   * have it, which waits while the log is congested.
   * @throws StanzaError resource-constraint (wait) when the log does not take it, policy-violation when no message of the bus can hold it
   */
  message(session: ClientSession, stanza: Stanza, to: Jid): void | Promise<void> {
    const { fate } = fateOf(stanza);
    this.#accepted[fate].inc();
    const hints = hintsOf(stanza);
    const outgoing = { session, stanza, encoded: stanza.encode(), to, fate, hints, sentAtMs: Date.now() };
    const hop = this.#tracer?.begin('message accepted', session.user, bareOf(to));
    return hop === undefined ? this.#send(outgoing) : this.#traced(hop, { ...outgoing, trace: hop.traceparent });
  }

  #send(outgoing: Outgoing): void | Promise<void> {
    if (outgoing.fate === FATE.live) {
      this.#liveMessage(outgoing);
      return;
    }
    return this.#gate.closed ? this.#gate.wait(() => this.#append(outgoing)) : this.#append(outgoing);
  }

  /** From its arrival until it counts as handled. */
  #traced(hop: Hop, outgoing: Outgoing): Promise<void> {
    return traced(hop, this.#attributes(outgoing), () => this.#send(outgoing));
  }

  /** What a trace says of a stanza. */
  #attributes({ session, stanza, encoded, to, fate }: Outgoing): TraceAttributes {
    const user = (jid: Jid) => this.#tracer?.user(bareOf(jid)) ?? '';
    const type = stanza.type || (stanza.kind === 'message' ? 'normal' : 'available');
    const what = { type, fate: FATE_NAME[fate], bytes: encoded.length };
    return { ...what, from: user(session.jid), to: user(to), session: session.id };
  }

  /** No entry of the sender's own log tells his other sessions of it: they get a copy of its own, if one of them wants it. */
  #liveMessage(outgoing: Outgoing): void {
    const { session, stanza, hints, to } = outgoing;
    const recipient = bareOf(to);
    const isOwn = recipient === session.user;
    this.#publish(outgoing, recipient, isOwn ? COPY.self : COPY.received);
    if (isOwn || !this.#wantsCopies(session) || !mayBeCopied(stanza.type, hints)) return;
    this.#publish(outgoing, session.user, COPY.sent);
  }

  /** Presence, at most once, to the feed of a local account; there it comes behind what the session appended to that log. */
  live(session: ClientSession, stanza: Stanza, to: Jid, sentAtMs = Date.now()): void {
    const encoded = stanza.encode();
    const hop = this.#tracer?.begin('presence accepted', session.user, bareOf(to));
    const trace = hop?.traceparent;
    const outgoing = { session, stanza, encoded, to, fate: FATE.live, hints: 0, sentAtMs, trace };
    this.#publish(outgoing, bareOf(to), COPY.received);
    hop?.end(this.#attributes(outgoing));
  }

  #publish(outgoing: Outgoing, owner: BareJid, copy: Copy): void {
    try {
      this.#bus.publish(subjects.user(owner), this.#liveEnvelope(outgoing, owner, copy));
    } catch (error) {
      throw tooLargeOr(error);
    }
  }

  #liveEnvelope(outgoing: Outgoing, owner: BareJid, copy: Copy): Uint8Array {
    const after = outgoing.session.entries.behind(owner, outgoing.sentAtMs);
    return encodeEnvelope(this.#envelope(outgoing, '', owner, copy, after));
  }

  /**
   * As live, and resolves when an edge has delivered it.
   * @throws StanzaError service-unavailable when there is no such resource, resource-constraint when too much is asked at once,
   * remote-server-timeout when no edge says anything in time
   */
  request(session: ClientSession, stanza: Stanza, to: FullJid): Promise<void> {
    const owner = bareOf(to);
    const encoded = stanza.encode();
    const hop = this.#tracer?.begin('iq accepted', session.user, owner);
    const trace = hop?.traceparent;
    const outgoing = { session, stanza, encoded, to, fate: FATE.live, hints: 0, sentAtMs: Date.now(), trace };
    const ask = () => this.#ask(outgoing, owner);
    return hop === undefined ? ask() : traced(hop, this.#attributes(outgoing), ask);
  }

  /** @throws StanzaError, as `request` does */
  async #ask(outgoing: Outgoing, owner: BareJid): Promise<void> {
    const envelope = this.#liveEnvelope(outgoing, owner, COPY.received);
    let answer: Uint8Array;
    try {
      answer = await this.#bus.request(subjects.user(owner), envelope, this.#requestTimeoutMs);
    } catch (error) {
      throw requestRefusal(error);
    }
    if (!wasDelivered(answer)) throw new StanzaError('service-unavailable'); // RFC 6121 §8.5.3.2.3
  }

  async #append(outgoing: Outgoing): Promise<void> {
    const { session, stanza, to } = outgoing;
    const identity = { key: keyOf(stanza, session), payload: payloadOf(stanza) };
    const recipient = bareOf(to);
    if (recipient === session.user) {
      await this.#entry(outgoing, identity, recipient, COPY.self);
      this.#stored[outgoing.fate].observe(secondsSince(outgoing.sentAtMs));
      return;
    }
    const both = [
      this.#entry(outgoing, identity, recipient, COPY.received),
      this.#entry(outgoing, identity, session.user, COPY.sent),
    ];
    try {
      const ids = await Promise.all(both);
      for (const id of ids) this.#halves.forget(id);
      this.#stored[outgoing.fate].observe(secondsSince(outgoing.sentAtMs));
    } catch (error) {
      // Both are waited for, whatever becomes of one: the other's retry must not overtake the session's next stanza.
      for (const outcome of await Promise.allSettled(both))
        if (outcome.status === 'fulfilled') this.#halves.remember(outcome.value);
      throw error;
    }
  }

  /** Resolves with the id of the entry. @throws StanzaError resource-constraint */
  async #entry(outgoing: Outgoing, { key, payload }: Identity, owner: BareJid, copy: Copy): Promise<string> {
    const { session } = outgoing;
    const id = entryId({ sender: session.user, owner, key, payload });
    if (this.#halves.has(id)) return id;
    const hop = this.#tracer?.follow('log append', outgoing.trace);
    try {
      const entry = encodeEnvelope(this.#envelope(outgoing, id, owner, copy, 0));
      const { stream, sequence, duplicate } = await this.#log.append(owner, id, entry);
      hop?.end({ stream, sequence, duplicate, copy: copy === COPY.sent ? 'sent' : 'received' });
      session.entries.wrote(owner, sequence, Date.now());
      if (duplicate) this.#metrics.duplicates.inc();
      return id;
    } catch (error) {
      hop?.end({}, 'not stored');
      throw logRefusal(error);
    }
  }

  #envelope(outgoing: Outgoing, id: string, owner: BareJid, copy: Copy, after: number): Envelope {
    const { session, stanza, encoded, to, fate, hints, sentAtMs, trace } = outgoing;
    return {
      id,
      owner,
      from: session.jid,
      to,
      kind: KIND_OF[stanza.kind],
      type: stanza.type,
      fate,
      copy,
      hints,
      origin: session.origin,
      sentAtMs,
      trace,
      after,
      stanza: encoded,
    };
  }
}

/** The origin-id (XEP-0359 §3), else the session's own count of stanzas: the same when a client sends the stanza again. */
function keyOf(stanza: Stanza, session: ClientSession): string {
  const originId = stanza.has(NS.stanzaId, 'origin-id') ? stanza.child(NS.stanzaId, 'origin-id')?.attrs.id : undefined;
  return originId ? `o:${originId}` : `${session.id}:${session.handled}`;
}

/** XEP-0198 lets a client add a delay when it sends a stanza again: so it is no part of what the stanza is. */
function payloadOf(stanza: Stanza): Uint8Array {
  return stanza.has(NS.delay, 'delay')
    ? stanza.without((c) => c.ns === NS.delay && c.name === 'delay').inner
    : stanza.inner;
}

/** The one boundary where the log's refusals become an error of the stanza; what is not one of them is a bug and goes on. */
function logRefusal(error: unknown): unknown {
  const refused =
    error instanceof LogFullError || error instanceof LogBusyError || error instanceof LogUnavailableError;
  return refused
    ? new StanzaError('resource-constraint', 'the message could not be stored', { type: 'wait', cause: error })
    : tooLargeOr(error);
}

/** What no message of the bus holds: it was written anew, with its namespaces again and again. */
function tooLargeOr(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return new StanzaError('policy-violation', 'a stanza of too many bytes', { type: 'modify', cause: error });
}

/** The one boundary where what the bus says of a request becomes an error of the stanza. */
function requestRefusal(error: unknown): unknown {
  if (error instanceof NoRespondersError) return new StanzaError('service-unavailable', '', { cause: error });
  if (error instanceof BusBusyError) return new StanzaError('resource-constraint', '', { cause: error });
  if (error instanceof RequestTimeoutError) return new StanzaError('remote-server-timeout', '', { cause: error });
  return tooLargeOr(error);
}
