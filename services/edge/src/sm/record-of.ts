import { type Position, RECORD_STATE, type SessionRecord } from '@starling/contracts';
import type { Hooks } from '@starling/feature-api';
import type { FollowedUser } from '../followed-user.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';

/** Bytes of live stanzas in a record, the oldest first; what has no room is repaired, or lost as live stanzas may be. */
const LIVE_BYTES_MAX = 64 * 1024;
/** In one that is written whole, once. */
const LIVE_BYTES_WHOLE_MAX = 512 * 1024;

/** Of presence that its client may not have been shown: whoever it is of is asked whether he is there. */
export const OLDEST_STAMP = 1;

export interface RecordContext {
  readonly edge: string;
  readonly incarnation: string;
  readonly hooks: Hooks;
  /** With its epoch; undefined while that is not known. */
  readonly known: (stream: number, position: Position | undefined) => Position | undefined;
}

/** What another edge needs to go on with the session as it is now; `whole`: nothing is delivered to it here any more. */
export function recordOf(
  session: ClientSession,
  sm: ManagedStream,
  user: FollowedUser,
  { edge, incarnation, hooks, known }: RecordContext,
  whole: boolean,
): SessionRecord {
  const kept = new Map<string, string>();
  hooks.runNow('session:saved', { session, kept });
  const covering = user.coverage.of(session);
  const since = covering && known(user.stream, covering.since ?? user.feed.begin);
  return {
    user: session.user,
    resource: session.resource,
    session: session.id,
    origin: session.origin,
    lang: session.lang,
    edge,
    incarnation,
    epoch: sm.epoch,
    recordState: RECORD_STATE.live,
    writtenAt: Date.now(),
    detachedAt: sm.detachedAt,
    windowMs: sm.windowMs,
    handled: session.completed,
    base: sm.base,
    acked: sm.queue.acked,
    queue: sm.queueFor(whole ? LIVE_BYTES_WHOLE_MAX : LIVE_BYTES_MAX),
    position: known(user.stream, sm.reached ?? user.feed.last),
    boundAt: session.boundAt,
    state: session.state,
    priority: session.priority,
    stamp: session.stamp,
    presence: session.presence,
    directed: [...session.directed],
    kept: Object.fromEntries(kept),
    // What is in hand is not handled: its client sends it again, and then it is answered.
    openRequests: [...sm.openRequests].filter((id) => id !== session.requestInHand),
    covering: covering && since && { since, served: covering.isServed },
    whole,
  };
}

const NOTHING = new Uint8Array(0);

/** What is left of a session that is over: how much of what its client sent was handled (XEP-0198 §5). */
export const expiredRecord = (record: SessionRecord): SessionRecord => ({
  ...record,
  recordState: RECORD_STATE.expired,
  writtenAt: Date.now(),
  queue: [],
  presence: NOTHING,
  directed: [],
  kept: {},
  openRequests: [],
});
