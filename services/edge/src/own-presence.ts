import type { Bus } from '@starling/bus';
import { COPY, type Envelope, encodeEnvelope, FATE, KIND, SESSION_STATE, subjects } from '@starling/contracts';
import { NS, type Stanza, StanzaError } from '@starling/stanza';
import type { ClientSession } from './session.ts';

/** RFC 6121 §4.7.2.3. */
const PRIORITY_MIN = -128;
const PRIORITY_MAX = 127;
const PRIORITY = /^\s*([+-]?\d{1,3})\s*$/;

/** A client's own presence: what it says of its availability, told to the user's own resources (RFC 6121 §4.2.2, §4.5.2). */
export class OwnPresence {
  readonly #bus: Bus;
  readonly #edge: string;
  readonly #onChange: (session: ClientSession) => void;

  /** `onChange` is called when a session's state or priority is another one. */
  constructor(options: { bus: Bus; edge: string; onChange: (session: ClientSession) => void }) {
    this.#bus = options.bus;
    this.#edge = options.edge;
    this.#onChange = options.onChange;
  }

  /** @throws StanzaError bad-request, feature-not-implemented */
  fromClient(session: ClientSession, presence: Stanza): void {
    if (presence.to !== '') throw new StanzaError('feature-not-implemented', 'presence of others');
    if (presence.type === 'unavailable') this.#becomeUnavailable(session, presence);
    else if (presence.type === '') this.#becomeAvailable(session, presence);
    else throw new StanzaError('bad-request'); // subscriptions and probes need a `to`
  }

  /** A session ended without saying so: its other resources hear it in its name (§4.5.1). */
  ended(session: ClientSession, unavailable: Stanza): void {
    if (session.state === SESSION_STATE.available) this.#becomeUnavailable(session, unavailable);
  }

  #becomeAvailable(session: ClientSession, presence: Stanza): void {
    session.priority = priorityOf(presence);
    session.state = SESSION_STATE.available;
    this.#onChange(session);
    this.#tellOwnResources(session, presence);
  }

  #becomeUnavailable(session: ClientSession, presence: Stanza): void {
    this.#tellOwnResources(session, presence);
    session.state = SESSION_STATE.connected;
    session.priority = 0;
    this.#onChange(session);
  }

  #tellOwnResources(session: ClientSession, presence: Stanza): void {
    const envelope: Envelope = {
      id: '',
      owner: session.user,
      from: session.jid,
      to: session.user,
      kind: KIND.presence,
      type: presence.type,
      fate: FATE.live,
      copy: COPY.received,
      hints: 0,
      origin: `${this.#edge}/${session.id}`,
      sentAtMs: Date.now(),
      after: 0,
      stanza: presence.with({ to: session.user }).encode(),
    };
    this.#bus.publish(subjects.user(session.user), encodeEnvelope(envelope));
  }
}

function priorityOf(presence: Stanza): number {
  const element = presence.child(NS.client, 'priority');
  if (element === undefined) return 0;
  const digits = PRIORITY.exec(element.children.filter((c) => typeof c === 'string').join(''))?.[1];
  const priority = Number(digits);
  if (digits === undefined || priority < PRIORITY_MIN || priority > PRIORITY_MAX)
    throw new StanzaError('bad-request', 'priority');
  return priority;
}
