import type { Position } from '@starling/contracts';
import type { BareJid, FullJid } from '@starling/jid';
import type { Stanza, StreamError } from '@starling/stanza';

/** What a feature may know of one client's session and do with it. */
export interface Session {
  /** Unique on its edge, unpredictable. */
  readonly id: string;
  readonly user: BareJid;
  readonly jid: FullJid;
  /** As it stands in envelopes of what it sent (Envelope.origin). */
  readonly origin: string;
  /** Address of the peer, for limits. */
  readonly peerAddress: string;
  readonly loopback: boolean;
  /** When the client was last heard, whatever it sent (performance.now()); now, while it is kept waiting by this side. */
  readonly heardAt: number;
  /** Where its user's log ends, as far as this edge has heard; undefined while it has not. */
  readonly logEnd: Position | undefined;
  /** Whether it has sent initial presence and no unavailable presence since (RFC 6121 §4.2). */
  readonly available: boolean;
  /** State that features keep here, once there is any; reached by sessionSlot only. */
  slots: Map<string, unknown> | undefined;
  /** To this client, behind all that was sent before. */
  send(stanza: Stanza): void;
  /** As send, a stanza as Stanza.encode gives it; with the place in the user's log of what it carries, if it has one. */
  deliver(encoded: Uint8Array, position?: Position): void;
  /** Closes the client's stream with an error. */
  fail(error: StreamError): void;
}

/** A feature's own typed state in a session. */
export interface SessionSlot<T> {
  get(session: Session): T;
  set(session: Session, value: T): void;
}

/** Declares a slot; `name` is unique among all features, `initial` is what an untouched session has. */
export function sessionSlot<T>(name: string, initial: T): SessionSlot<T> {
  return {
    get: ({ slots }) => (slots?.has(name) ? (slots.get(name) as T) : initial),
    set: (session, value) => {
      session.slots ??= new Map();
      session.slots.set(name, value);
    },
  };
}
