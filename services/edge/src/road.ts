import { type Bus, type Log, LogBusyError, LogFullError, LogUnavailableError } from '@starling/bus';
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
} from '@starling/contracts';
import { fateOf } from '@starling/features/rfc-6121-message/fate';
import { type BareJid, bareOf, type Jid } from '@starling/jid';
import { type Stanza, StanzaError, type StanzaKind } from '@starling/stanza';
import { NS as FORGED } from './forged.ts';
import type { EdgeMetrics } from './metrics.ts';
import type { ClientSession } from './session.ts';

export const NS = { stanzaId: FORGED.stanzaId, delay: FORGED.delay } as const;

const KIND_OF: Readonly<Record<StanzaKind, Kind>> = { message: KIND.message, presence: KIND.presence, iq: KIND.iq };
const FATE_NAMES: Readonly<Record<Fate, string>> = {
  [FATE.live]: 'live',
  [FATE.passing]: 'passing',
  [FATE.archived]: 'archived',
};

/** From the edge to the bus: what is durable goes on the logs, what is live on the feeds. */
export class Road {
  readonly #bus: Bus;
  readonly #log: Log;
  readonly #edge: string;
  readonly #metrics: EdgeMetrics;

  constructor(options: { bus: Bus; log: Log; edge: string; metrics: EdgeMetrics }) {
    this.#bus = options.bus;
    this.#log = options.log;
    this.#edge = options.edge;
    this.#metrics = options.metrics;
  }

  /**
   * A message to a local account, its `to` set. Resolves when it counts as handled: a durable one when the recipient's log and
   * the sender's own have it.
   * @throws StanzaError resource-constraint (wait) when the log does not take it
   */
  message(session: ClientSession, stanza: Stanza, to: Jid): void | Promise<void> {
    const { fate } = fateOf(stanza);
    this.#metrics.messages.inc(1, { fate: FATE_NAMES[fate] });
    if (fate === FATE.live) {
      this.live(session, stanza, to);
      return;
    }
    return this.#append(session, stanza, to, fate);
  }

  /** At most once, to the feed of a local account. */
  live(session: ClientSession, stanza: Stanza, to: Jid): void {
    const owner = bareOf(to);
    const envelope = this.#envelope(session, stanza, stanza.encode(), {
      id: '',
      owner,
      to,
      fate: FATE.live,
      copy: COPY.received,
    });
    this.#bus.publish(subjects.user(owner), encodeEnvelope(envelope));
  }

  async #append(session: ClientSession, stanza: Stanza, to: Jid, fate: Fate): Promise<void> {
    const recipient = bareOf(to);
    const encoded = stanza.encode();
    const identity = { sender: session.user, key: keyOf(stanza, session), payload: payloadOf(stanza) };
    const entry = (owner: BareJid, copy: Copy) => {
      const id = entryId({ ...identity, owner });
      const bytes = encodeEnvelope(this.#envelope(session, stanza, encoded, { id, owner, to, fate, copy }));
      return this.#log.append(owner, id, bytes);
    };
    try {
      if (recipient === session.user) {
        this.#count((await entry(recipient, COPY.self)).duplicate);
        return;
      }
      const [received, sent] = await Promise.all([entry(recipient, COPY.received), entry(session.user, COPY.sent)]);
      this.#count(received.duplicate || sent.duplicate);
    } catch (error) {
      throw logRefusal(error);
    }
  }

  #envelope(
    session: ClientSession,
    stanza: Stanza,
    encoded: Uint8Array,
    on: { id: string; owner: BareJid; to: Jid; fate: Fate; copy: Copy },
  ): Envelope {
    return {
      id: on.id,
      owner: on.owner,
      from: session.jid,
      to: on.to,
      kind: KIND_OF[stanza.kind],
      type: stanza.type,
      fate: on.fate,
      copy: on.copy,
      hints: 0,
      origin: `${this.#edge}/${session.id}`,
      sentAtMs: Date.now(),
      after: 0,
      stanza: encoded,
    };
  }

  #count(duplicate: boolean): void {
    if (duplicate) this.#metrics.duplicates.inc();
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
    : error;
}
