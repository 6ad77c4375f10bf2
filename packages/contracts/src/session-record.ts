import { starling } from './generated/starling.js';
import { keptWriter } from './kept-writer.ts';
import { method } from './method.ts';
import type { SessionState } from './notices.ts';
import type { Position } from './position.ts';
import type { Seen } from './presence.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

/** Whether a session can still be resumed. */
export const RECORD_STATE = { live: 0, expired: 1 } as const;
export type RecordState = (typeof RECORD_STATE)[keyof typeof RECORD_STATE];

/** A record that nothing changes is written again after this time, in ms, while its session lives. */
export const SESSION_RECORD_REFRESH_MS = 15 * 60_000;

/** A stanza that the client has not acknowledged: an entry of the user's log, or the bytes of a live one, or neither: nobody can tell. */
export interface UnackedStanza {
  /** Undefined: it is live. */
  readonly position: Position | undefined;
  readonly stanza: Uint8Array | undefined;
  /** Id of the client's request whose answer it is, '' = of none. */
  readonly answers: string;
}

/** What another edge needs to go on with a session (proto/session-record.proto; XEP-0198 §5). */
export interface SessionRecord {
  readonly user: string;
  readonly resource: string;
  readonly session: string;
  readonly origin: string;
  readonly lang: string;
  readonly edge: string;
  readonly incarnation: string;
  readonly epoch: number;
  readonly recordState: RecordState;
  readonly writtenAt: number;
  readonly detachedAt: number;
  readonly windowMs: number;
  readonly handled: number;
  readonly base: number;
  readonly acked: number;
  readonly queue: readonly UnackedStanza[];
  /** Up to here the log was delivered with the last of the queue; undefined: not known. */
  readonly position: Position | undefined;
  readonly boundAt: number;
  readonly state: SessionState;
  readonly priority: number;
  readonly stamp: number;
  readonly presence: Uint8Array;
  readonly directed: readonly string[];
  readonly kept: Readonly<Record<string, string>>;
  readonly openRequests: readonly string[];
  /** Since when it gets what comes for its bare JID, and whether what had waited before has been delivered; undefined: it gets nothing. */
  readonly covering: { readonly since: Position; readonly served: boolean } | undefined;
  /** Written when its edge let go of it: nothing has been delivered since. */
  readonly whole: boolean;
}

const toPosition = (epoch: number, sequence: number): Position | undefined =>
  sequence === 0 && epoch === 0 ? undefined : { epoch, sequence };

export function encodeSessionRecord({ queue, position, covering, ...rest }: SessionRecord): Uint8Array {
  const message = {
    ...rest,
    queue: queue.map(({ position: at, stanza, answers }) => ({ ...at, stanza, answers })),
    positionEpoch: position?.epoch ?? 0,
    positionSequence: position?.sequence ?? 0,
    covers: covering !== undefined,
    served: covering?.served ?? false,
    sinceEpoch: covering?.since.epoch ?? 0,
    sinceSequence: covering?.since.sequence ?? 0,
  };
  return wire.SessionRecord.encode(message as unknown as starling.v1.SessionRecord.$Properties, keptWriter()).finish();
}

interface Decoded extends Omit<SessionRecord, 'queue' | 'position' | 'covering'> {
  readonly queue: readonly { epoch: number; sequence: number; stanza: Uint8Array; answers: string }[];
  readonly positionEpoch: number;
  readonly positionSequence: number;
  readonly covers: boolean;
  readonly served: boolean;
  readonly sinceEpoch: number;
  readonly sinceSequence: number;
}

export function decodeSessionRecord(bytes: Uint8Array): SessionRecord {
  // Field by field: what a message does not carry stands on its prototype, where a spread does not look.
  const r = wire.SessionRecord.decode(bytes) as unknown as Decoded;
  return {
    ...{ user: r.user, resource: r.resource, session: r.session, origin: r.origin, lang: r.lang },
    ...{ edge: r.edge, incarnation: r.incarnation, epoch: r.epoch, recordState: r.recordState },
    ...{ writtenAt: r.writtenAt, detachedAt: r.detachedAt, windowMs: r.windowMs },
    ...{ handled: r.handled, base: r.base, acked: r.acked, boundAt: r.boundAt, state: r.state },
    ...{ priority: r.priority, stamp: r.stamp, presence: r.presence, directed: r.directed },
    ...{ kept: { ...r.kept }, openRequests: r.openRequests, whole: r.whole },
    queue: r.queue.map(({ epoch, sequence, stanza, answers }) => ({
      position: toPosition(epoch, sequence),
      stanza: stanza.length > 0 ? stanza : undefined,
      answers,
    })),
    position: toPosition(r.positionEpoch, r.positionSequence),
    covering: r.covers ? { since: { epoch: r.sinceEpoch, sequence: r.sinceSequence }, served: r.served } : undefined,
  };
}

/** Whose presence a session's client has been shown as available. */
export interface SessionView {
  readonly shown: readonly Seen[];
  /** Some of that had not arrived: it stands in the queue of the session's record. */
  readonly unsure: boolean;
}
export const encodeSessionView = (view: SessionView): Uint8Array =>
  wire.SessionView.encode(view as starling.v1.SessionView.$Properties, keptWriter()).finish();
export const decodeSessionView = (bytes: Uint8Array): SessionView =>
  wire.SessionView.decode(bytes) as unknown as SessionView;

/** What one edge answers. */
export const edges = {
  /** It lets go of a session, so that another edge goes on with it, and has written its record whole. `known` false: it does not hold it. */
  release: (edge: string) =>
    method<{ user: string; session: string; epoch: number }, { known: boolean; revision: number }>(
      subjects.edgeRequest(edge, 'release'),
      wire.ReleaseRequest,
      wire.ReleaseReply,
    ),
} as const;
