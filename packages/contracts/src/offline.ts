import { starling } from './generated/starling.js';
import { type Empty, method } from './method.ts';
import type { Position } from './position.ts';
import type { ArchivedEntry } from './rpc.ts';
import { subjects } from './subjects.ts';

const wire = starling.v1;

export interface WaitingRequest {
  /** Bare JID. */
  readonly user: string;
  /** Id of the session that will deliver what comes back. */
  readonly session: string;
  /** Exclusive; absent = the first page. */
  readonly after?: Position | undefined;
  /** Inclusive: behind it the session gets everything as it comes; absent = all there is. */
  readonly upTo?: Position | undefined;
  /** Ids of all that the user has now. */
  readonly sessions: readonly string[];
  /** The client reads the archive (XEP-0313): it lacks only what is not in there. */
  readonly passingOnly: boolean;
  /** Inclusive: so it is up to here; absent = nowhere. */
  readonly readUpTo?: Position | null | undefined;
  /** When the session was bound the log ended here for certain; absent = that is not known. */
  readonly boundBehind?: Position | null | undefined;
}
export interface WaitingReply {
  readonly entries: readonly ArchivedEntry[];
  /** False: ask again behind `reached`. */
  readonly complete: boolean;
  readonly reached: Position;
  /** Another session is delivering them. */
  readonly taken: boolean;
  /** Nothing waits, and the session counts as having covered everything up to `reached`; false of an archive that is not told so. */
  readonly covered: boolean;
}

/** What one session's client has got, as far as RFC 6121 §8.5 gives it to that session. */
export interface Covered {
  readonly user: string;
  readonly session: string;
  /** Exclusive; absent = all that waited offline has been delivered as well. */
  readonly after?: Position | undefined;
  /** Inclusive. */
  readonly upTo: Position;
  /** What waited is delivered, or the session has ended: it is to be written at once. */
  readonly settled: boolean;
  /** Nothing more comes from it. */
  readonly ended: boolean;
  /** Its client has read this in the archive (XEP-0313): what is not in there still waits. */
  readonly archivedOnly: boolean;
}

/** Offline (XEP-0160) is what no session has covered: what the archive of one stream answers (proto/offline.proto). */
export const offline = {
  /** A page of what waits. `resource-constraint`: the database is away. */
  waiting: (stream: number) =>
    method<WaitingRequest, WaitingReply>(subjects.archive(stream, 'waiting'), wire.WaitingRequest, wire.WaitingReply),
  /**
   * The session of the resource is over; its client had got everything up to `after`. `others`: another session of the account gets what comes
   * for it. `resource-constraint`: tell it again.
   */
  owed: (stream: number) =>
    method<{ user: string; resource: string; after: Position; others: boolean }, Empty>(
      subjects.archive(stream, 'owed'),
      wire.OwedRequest,
      wire.Empty,
    ),
  /** What has been covered since; once it is written, if some of it is settled. */
  covered: (stream: number) =>
    method<{ covered: readonly Covered[] }, Empty>(
      subjects.archive(stream, 'covered'),
      wire.CoveredRequest,
      wire.Empty,
    ),
} as const;
