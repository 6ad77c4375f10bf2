import { partitionOf, SESSION_STATE } from '@starling/contracts';
import { priorityOf } from '@starling/features/rfc-6121-presence/priority';
import { validateShape } from '@starling/features/rfc-6121-presence/shape';
import { type BareJid, bareOf, domainOf, isFull, type Jid, localOf } from '@starling/jid';
import { Stanza, StanzaError } from '@starling/stanza';
import type { Tracer } from '@starling/trace';
import type { Road } from '../road.ts';
import type { ClientSession } from '../session.ts';
import type { NodeBatches } from './node-batches.ts';
import { behindHead } from './shown.ts';

const NOTHING = new Uint8Array(0);

/** What clients say of their availability (RFC 6121 §4): broadcast through the owner of their user's presence, or directed. */
export class SessionPresence {
  readonly #edge: string;
  readonly #domain: string;
  readonly #batches: NodeBatches;
  readonly #road: Pick<Road, 'live'>;
  readonly #directedMax: number;
  readonly #directedBytesMax: number;
  readonly #bytesMax: number;
  readonly #tracer: Tracer | undefined;

  constructor(options: {
    edge: string;
    domain: string;
    batches: NodeBatches;
    road: Pick<Road, 'live'>;
    /** Addresses that one session may have sent directed presence to at a time. */
    directedMax: number;
    /** Of their bytes together. */
    directedBytesMax: number;
    /** Of a presence that is broadcast, as it is sent on. */
    bytesMax: number;
    tracer: Tracer | undefined;
  }) {
    this.#edge = options.edge;
    this.#domain = options.domain;
    this.#batches = options.batches;
    this.#road = options.road;
    this.#directedMax = options.directedMax;
    this.#directedBytesMax = options.directedBytesMax;
    this.#bytesMax = options.bytesMax;
    this.#tracer = options.tracer;
  }

  /** Subscriptions are not dealt with here. @throws StanzaError */
  fromClient(session: ClientSession, presence: Stanza): void {
    const { to, type } = presence;
    if (to === '') this.#broadcast(session, presence);
    else if (domainOf(to) !== this.#domain) throw new StanzaError('remote-server-not-found');
    else if (localOf(to) === '')
      return; // RFC 6120 §10.5: the server watches nobody
    else if (type === 'probe') this.#probe(session, presence, to);
    else if (type === '' || type === 'unavailable') this.#directed(session, presence, to);
    else if (type === 'error') this.#road.live(session, presence, to);
    else throw new StanzaError('feature-not-implemented');
  }

  /** The session is another one for the rules of delivery: its presence is not. */
  changed(session: ClientSession): void {
    if (!session.ended) this.#tell(session);
  }

  /** A session has ended: who watched it hears that in its name (§4.5.1), once. */
  ended(session: ClientSession): void {
    session.stamp = session.nextStamp();
    session.presence = behindHead(Stanza.build('presence', { type: 'unavailable', from: session.jid }).encode());
    this.#tell(session);
  }

  #broadcast(session: ClientSession, presence: Stanza): void {
    if (presence.type === 'unavailable') this.#becomeUnavailable(session, presence);
    else if (presence.type === '') this.#becomeAvailable(session, presence);
    else throw new StanzaError('bad-request'); // the others need a `to`
  }

  #becomeAvailable(session: ClientSession, presence: Stanza): void {
    validateShape(presence);
    const encoded = this.#encoded(presence);
    session.priority = priorityOf(presence);
    session.state = SESSION_STATE.available;
    session.stamp = session.nextStamp();
    session.presence = behindHead(encoded);
    this.#tellTraced(session, presence);
  }

  /** §4.5.2; a session that was not available may have sent directed presence all the same (§4.6.3). */
  #becomeUnavailable(session: ClientSession, presence: Stanza): void {
    validateShape(presence);
    const encoded = this.#encoded(presence);
    session.state = SESSION_STATE.connected;
    session.priority = 0;
    session.view.keepOnly(session.jid);
    session.stamp = session.nextStamp();
    session.presence = behindHead(encoded);
    session.takeBackFromAll();
    this.#tellTraced(session, presence);
    session.presence = NOTHING;
  }

  /** @throws StanzaError */
  #encoded(presence: Stanza): Uint8Array {
    const encoded = presence.encode();
    if (encoded.length > this.#bytesMax)
      throw new StanzaError('policy-violation', 'a presence of too many bytes', { type: 'modify' });
    return encoded;
  }

  /** §4.6: to one entity; the owner is told, since it has to be taken back when the session ends. */
  #directed(session: ClientSession, presence: Stanza, to: Jid): void {
    validateShape(presence);
    const isNews = presence.type === '' ? !session.directed.has(to) : session.directed.has(to);
    if (isNews && presence.type === '') {
      if (
        session.directed.size >= this.#directedMax ||
        bytesOf(session.directed) + bytesOf([to]) > this.#directedBytesMax
      )
        throw new StanzaError('resource-constraint', 'directed presence to too many');
      session.directTo(to);
    } else if (isNews) session.takeBackFrom(to);
    if (isNews) {
      // The owner first: whoever has the presence may ask him at once whether he may know of it (§8.5.3.1).
      this.#tell(session);
      this.#batches.flush();
    }
    this.#road.live(session, presence, to, session.nextStamp());
  }

  /** §4.3: clients should not, but may. */
  #probe(session: ClientSession, { id }: Stanza, to: Jid): void {
    const user = isFull(to) ? bareOf(to) : (to as BareJid);
    const probe = { prober: session.jid, edge: this.#edge, targets: [to], asked: true, id, shown: false };
    this.#batches.probe(partitionOf(user), probe);
  }

  /** What its client has just said. */
  #tellTraced(session: ClientSession, { type }: Stanza): void {
    const hop = this.#tracer?.begin('presence accepted', session.user, '');
    if (hop === undefined) {
      this.#tell(session);
      return;
    }
    this.#batches.event(session.partition, { ...session.event, trace: hop.traceparent });
    const from = this.#tracer?.user(session.user) ?? '';
    hop.end({ type: type || 'available', bytes: session.presence.length, from, session: session.id });
  }

  #tell(session: ClientSession): void {
    this.#batches.event(session.partition, session.event);
  }
}

function bytesOf(jids: Iterable<string>): number {
  let bytes = 0;
  for (const jid of jids) bytes += Buffer.byteLength(jid);
  return bytes;
}
