import { SESSION_STATE, type SessionEvent, type SessionRow, type SessionState } from '@starling/contracts';

/** One run of an edge. */
export interface EdgeRef {
  readonly id: string;
  readonly incarnation: string;
}

/** One session, as its owner knows it. */
export interface Row {
  /** Full JID. */
  readonly jid: string;
  readonly resource: string;
  readonly session: string;
  readonly boundAt: number;
  edge: EdgeRef;
  state: SessionState;
  priority: number;
  /** Whether its presence counts as available: also of a detached one that was. */
  isAvailable: boolean;
  /** Of `presence`; 0 before the first one. */
  stamp: number;
  presence: Uint8Array;
  directed: readonly string[];
  carbons: boolean;
  /** How long its client may be away (XEP-0198); 0: not at all. */
  windowMs: number;
  /** Of its resumptions: what is said under a lower one is void. */
  epoch: number;
  /** Its edge is dead, and its client may come back. */
  isOrphan: boolean;
  /** When its bind, or that it goes on, was answered; 0 as soon as its edge has spoken of it. */
  unconfirmedSinceMs: number;
  /** Of what its edge says of it, as it was counted last: 32 bits with a sign. */
  hash: number;
  /** Where its presence is in a trace, until those who watch the user have been told of it. */
  trace?: Uint8Array | undefined;
}

const NOTHING = new Uint8Array(0);
const NOBODY: readonly string[] = [];

export const boundRow = (
  user: string,
  bind: { readonly resource: string; readonly session: string; readonly edge: EdgeRef },
  boundAt: number,
  nowMs: number,
): Row => ({
  jid: `${user}/${bind.resource}`,
  resource: bind.resource,
  session: bind.session,
  boundAt,
  edge: bind.edge,
  state: SESSION_STATE.connected,
  priority: 0,
  isAvailable: false,
  stamp: 0,
  presence: NOTHING,
  directed: NOBODY,
  carbons: false,
  windowMs: 0,
  epoch: 0,
  isOrphan: false,
  unconfirmedSinceMs: nowMs,
  hash: 0,
});

export const rowOf = (event: SessionEvent, edge: EdgeRef): Row => ({
  jid: `${event.user}/${event.resource}`,
  resource: event.resource,
  session: event.session,
  boundAt: event.boundAt,
  edge,
  state: event.state,
  priority: event.priority,
  isAvailable: isAvailable(event, event.presence.length > 0),
  stamp: event.stamp,
  presence: ownCopy(event.presence),
  directed: event.directed.length === 0 ? NOBODY : event.directed,
  carbons: event.carbons,
  windowMs: event.windowMs,
  epoch: event.epoch,
  isOrphan: false,
  unconfirmedSinceMs: 0,
  hash: 0,
  trace: traceOf(event),
});

/** A detached session is what it was: its client may come back. */
export const isAvailable = (event: SessionEvent, was: boolean): boolean =>
  event.state === SESSION_STATE.available || (event.state === SESSION_STATE.detached && was);

/** Undefined where nobody traces it. */
export const traceOf = ({ trace }: SessionEvent): Uint8Array | undefined =>
  trace === undefined || trace.length === 0 ? undefined : new Uint8Array(trace);

/** What was decoded is a view that would keep its whole batch. */
export const ownCopy = (bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? NOTHING : new Uint8Array(bytes));

/** Of two sessions with one resource the later bind wins; the second comparison only makes everybody decide alike. */
export const isLater = (a: { boundAt: number; session: string }, b: { boundAt: number; session: string }): boolean =>
  a.boundAt === b.boundAt ? a.session > b.session : a.boundAt > b.boundAt;

export const tableRowOf = ({ resource, session, state, priority, boundAt, edge, carbons, epoch }: Row): SessionRow => ({
  resource,
  session,
  state,
  priority,
  boundAt,
  edge: edge.id,
  carbons,
  epoch,
});
