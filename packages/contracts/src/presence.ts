import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import type { SessionState, SessionTable } from './notices.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** One session, as its edge tells the owner of its user's presence (proto/presence.proto). */
export interface SessionEvent {
  readonly user: string;
  readonly resource: string;
  readonly session: string;
  readonly state: SessionState;
  readonly priority: number;
  readonly boundAt: number;
  /** Of the presence: Unix time in ms, made unique and rising for each full JID. */
  readonly stamp: number;
  /** What stands behind `<presence` in the last one that was broadcast, without a `to`; of an end, the unavailable one. */
  readonly presence: Uint8Array;
  readonly ended: boolean;
  /** To whom it has sent directed presence that is not revoked (RFC 6121 §4.6). */
  readonly directed: readonly string[];
  /** Wants copies of what its user's other sessions send and receive (XEP-0280). */
  readonly carbons: boolean;
  /** How long its client may be away before it is over, in ms; 0: not at all. */
  readonly windowMs: number;
  /** Rises with each resumption: what is said under a lower one is void. */
  readonly epoch: number;
  /** What was sent to it may not have arrived: the presence of all contacts is wanted again, and requests that wait. */
  readonly missed?: boolean;
  /** Where its last presence is in a trace (W3C traceparent, binary); absent or empty: nobody traces it. */
  readonly trace?: Uint8Array | undefined;
}

/** Some session of the edge has been shown this presence as available: what is newer or gone comes back, `toSeen`. */
export interface Seen {
  readonly from: string;
  readonly stamp: number;
}

/** All sessions of one partition on one edge; in pieces from `first` to `last`. */
export interface PartitionState {
  readonly partition: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly sessions: readonly SessionEvent[];
  /** What was sent to these sessions may not have arrived: the presence of all contacts is wanted again. */
  readonly missed: boolean;
}

export interface PartitionDigest {
  readonly partition: number;
  readonly sessions: number;
  /** sessionHash of each session, added up. */
  readonly hash: number;
}

/** The presence of one resource, on its way to those who watch it. */
export interface Emission {
  /** Full JID, or the bare one of somebody who has no resource. */
  readonly from: string;
  readonly stamp: number;
  readonly unavailable: boolean;
  /** Behind `<presence`, without a `to`. */
  readonly presence: Uint8Array;
  /** Bare JIDs: all available resources; full ones: that resource. */
  readonly to: readonly string[];
  /** To an edge: whoever has been shown an earlier one. */
  readonly toSeen: boolean;
  /** Also to those who have been shown this one. */
  readonly always: boolean;
  /** Where it is in a trace; absent or empty: nobody traces it. */
  readonly trace?: Uint8Array | undefined;
}

/** On behalf of a session: the presence of all available resources of the targets (RFC 6121 §4.3). */
export interface Probe {
  /** Full JID. */
  readonly prober: string;
  readonly edge: string;
  readonly targets: readonly string[];
  /** A client has sent it, and hears also that nobody is there or that it may not know. */
  readonly asked: boolean;
  /** Of the client's stanza. */
  readonly id: string;
  /** The prober has been shown the targets: only what it may not see is answered, and so taken back. */
  readonly shown: boolean;
}

/** Who sends, and as what: receivers drop what comes from an incarnation that is not in their document, and see losses by the sequence. */
export interface BatchHead {
  readonly incarnation: string;
  /** Of the presence group's document, as the sender knows it. */
  readonly epoch: number;
  /** From this sender to this receiver, rising by one from 1. */
  readonly sequence: number;
}

/** Everything for one presence node, from an edge or another node. */
export interface NodeBatch extends BatchHead {
  readonly sender: string;
  readonly events: readonly SessionEvent[];
  readonly states: readonly PartitionState[];
  readonly digests: readonly PartitionDigest[];
  readonly emissions: readonly Emission[];
  readonly probes: readonly Probe[];
  readonly seen: readonly Seen[];
}

export interface SubscriptionStanza {
  /** Full JID. */
  readonly to: string;
  readonly stanza: Uint8Array;
}

/** Everything from one presence node to one edge. */
export interface EdgeBatch extends BatchHead {
  readonly node: string;
  readonly emissions: readonly Emission[];
  readonly requests: readonly SubscriptionStanza[];
  /** Partitions whose state the node asks for. */
  readonly wanted: readonly number[];
  /** The node has missed something: it wants all of its partitions' states, with `missed`. */
  readonly missed: boolean;
}

export const encodeNodeBatch = (batch: NodeBatch): Uint8Array =>
  wire.NodeBatch.encode(batch as unknown as starling.v1.NodeBatch.$Properties, keptWriter()).finish();
export const decodeNodeBatch = (bytes: Uint8Array): NodeBatch => wire.NodeBatch.decode(bytes) as unknown as NodeBatch;
export const encodeEdgeBatch = (batch: EdgeBatch): Uint8Array =>
  wire.EdgeBatch.encode(batch as unknown as starling.v1.EdgeBatch.$Properties, keptWriter()).finish();
export const decodeEdgeBatch = (bytes: Uint8Array): EdgeBatch => wire.EdgeBatch.decode(bytes) as unknown as EdgeBatch;

export interface BindRequest {
  readonly user: string;
  readonly resource: string;
  readonly session: string;
  readonly edge: string;
  readonly incarnation: string;
  /** The session is one that goes on here, as it was. */
  readonly resumed?: SessionEvent | null;
  /** Of a resumed one: its window cannot have run out. */
  readonly fresh?: boolean;
}

/** What one presence node answers. A node that does not own the user's partition, or is still learning it, answers `unexpected-request`: ask its owner, or again. */
export const presence = {
  /**
   * Before a client hears that its resource is bound. `resource-constraint`: the user has too many sessions. Of a session that goes on
   * `item-not-found`: it is over.
   */
  bind: (node: string) =>
    method<BindRequest, { boundAt: number; table: SessionTable }>(
      subjects.presence(node, 'bind'),
      wire.BindRequest,
      wire.BindReply,
    ),
  /** Whether `asker` may know that `target`, a full JID, is there (RFC 6121 §8.5.3.1). */
  visible: (node: string) =>
    method<{ asker: string; target: string }, { visible: boolean }>(
      subjects.presence(node, 'visible'),
      wire.VisibleRequest,
      wire.VisibleReply,
    ),
} as const;
