import { SESSION_STATE } from '@starling/contracts';
import { priorityOf } from '@starling/features/rfc-6121-presence/priority';
import { type Stanza, StanzaError } from '@starling/stanza';
import type { Road } from './road.ts';
import type { ClientSession } from './session.ts';

/** A client's own presence: what it says of its availability, told to the user's own resources (RFC 6121 §4.2.2, §4.5.2). */
export class OwnPresence {
  readonly #road: Pick<Road, 'live'>;
  readonly #onChange: (session: ClientSession) => void;

  /** `onChange` is called when a session's state or priority is another one. */
  constructor(options: { road: Pick<Road, 'live'>; onChange: (session: ClientSession) => void }) {
    this.#road = options.road;
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
    const priority = priorityOf(presence);
    const isNews = session.state !== SESSION_STATE.available || session.priority !== priority;
    session.priority = priority;
    session.state = SESSION_STATE.available;
    if (isNews) this.#onChange(session);
    this.#tellOwnResources(session, presence);
  }

  #becomeUnavailable(session: ClientSession, presence: Stanza): void {
    this.#tellOwnResources(session, presence);
    if (session.state === SESSION_STATE.connected) return;
    session.state = SESSION_STATE.connected;
    session.priority = 0;
    this.#onChange(session);
  }

  #tellOwnResources(session: ClientSession, presence: Stanza): void {
    this.#road.live(session, presence.with({ to: session.user }), session.user);
  }
}
