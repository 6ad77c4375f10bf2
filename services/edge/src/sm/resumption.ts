import { type Bus, call, RecordConflictError, RecordsUnavailableError, RpcError } from '@starling/bus';
import { edges, isSessionId, RECORD_STATE, type Seen, type SessionRecord } from '@starling/contracts';
import type { Hooks } from '@starling/feature-api';
import type { ResumeRequest } from '@starling/features/xep-0198-stream-management/elements';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import { distance, HandledTooHighError, wrap } from '@starling/sm-queue';
import { type Condition, errorReply, Stanza, StanzaError } from '@starling/stanza';
import type { EdgeConfig } from '../config.ts';
import type { Following } from '../following.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { Binding } from '../presence/binding.ts';
import type { ClientSession, Link } from '../session.ts';
import type { Kept, ManagedStream } from './managed-stream.ts';
import { expiredRecord, OLDEST_STAMP } from './record-of.ts';
import type { Replay, Rest } from './replay.ts';
import type { StoredSession } from './session-records.ts';
import type { StreamManagement } from './stream-management.ts';

/** Of compare-and-set: each time that it fails somebody else has changed the record. */
const ATTEMPTS = 5;
/** A replica may be behind for a moment. */
const READ_AGAIN_MS = 20;
const READ_ATTEMPTS = 25;
/** An answer of somebody else may have come between two edges, where none had the session: then its client hears so after this time. */
const ANSWERS_LATE_MS = 15_000;

export interface ResumptionOptions {
  readonly bus: Bus;
  readonly edge: string;
  readonly incarnation: () => string;
  readonly management: StreamManagement;
  readonly following: () => Following;
  readonly binding: () => Binding;
  readonly hooks: Hooks;
  readonly replay: Replay;
  readonly config: EdgeConfig;
  /** A session of this edge that is the one of a record. */
  readonly restore: (link: Link, record: SessionRecord) => ClientSession;
  /** What watchers and contacts have to hear, now that it is here. */
  readonly repair: (session: ClientSession, shown: readonly Seen[]) => void;
  /** Nothing came of it. */
  readonly abandon: (session: ClientSession) => void;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/** What was left of the session. */
type Cause = 'handed-over' | 'edge-dead';

/** A session that goes on here; its client has not heard it yet. */
export interface Resumed {
  readonly session: ClientSession;
  readonly sm: ManagedStream;
  /** How much of what the client has sent is handled. */
  readonly h: number;
  /** To be called when the client has been told. */
  readonly start: () => void;
}

/** It does not; `h` of one that is over (§5). */
export interface NotResumed {
  readonly condition: Condition;
  readonly h?: number;
  /** It is not over, but cannot go on just now: a client that bound anew would lose what it asked and was sent. */
  readonly later?: true;
}

/** One way for hand-over and crash (XEP-0198 §5): by the session's record. */
export class Resumption {
  readonly #options: ResumptionOptions;

  constructor(options: ResumptionOptions) {
    this.#options = options;
  }

  /**
   * 1 the record · 2 the edge that holds the session lets go of it, or is dead · 3 the record is ours · 4 the owner of the user's presence
   * says that the session is not over · 5 it is here as it was.
   * @throws HandledTooHighError when the client says that it has got more than it was sent
   */
  async resume(link: Link, user: BareJid, { previd, h }: ResumeRequest): Promise<Resumed | NotResumed> {
    const outcome = await this.#attempt(link, user, previd, h);
    const isResumed = 'session' in outcome;
    const cause = isResumed ? outcome.cause : 'none';
    this.#options.metrics.smResumes.inc(1, { outcome: isResumed ? 'resumed' : outcome.condition, cause });
    return outcome;
  }

  async #attempt(link: Link, user: BareJid, id: string, h: number): Promise<(Resumed & { cause: Cause }) | NotResumed> {
    const { management, edge, incarnation, log } = this.#options;
    if (!isSessionId(id)) return { condition: 'item-not-found' };
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await management.find(user, id);
      if (found === undefined || found.record.user !== user || found.record.session !== id)
        return { condition: 'item-not-found' };
      if (found.record.recordState === RECORD_STATE.expired) return over(found.record);
      const stored = await this.#released(found);
      const { record } = stored;
      if (record.recordState === RECORD_STATE.expired) return over(record);
      checkCount(record, h);
      const epoch = record.epoch + 1;
      const taken = { ...record, edge, incarnation: incarnation(), epoch, writtenAt: Date.now() };
      try {
        const revision = await management.records.put(taken, stored.revision);
        return await this.#take(link, taken, record, revision, h);
      } catch (error) {
        if (error instanceof RecordConflictError) continue; // somebody else was quicker: read again
        if (!(error instanceof RecordsUnavailableError)) throw error;
        log.warn({ what: 'session_resume_failed', err: error });
        return LATER;
      }
    }
    return LATER;
  }

  /** Asks the edge that holds the session to let go of it. An edge that says nothing, or knows nothing of it, is dead: its last record serves. */
  async #released(found: StoredSession): Promise<StoredSession> {
    const { bus, management, config } = this.#options;
    const { record } = found;
    const { user, session, epoch } = record;
    try {
      const request = { user, session, epoch };
      const { known, revision } = await call(bus, edges.release(record.edge), request, config.releaseTimeoutMs);
      if (!known) return found;
      for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
        const stored = await management.find(user as BareJid, session);
        if (stored !== undefined && stored.revision >= revision) return stored;
        await new Promise((resolve) => setTimeout(resolve, READ_AGAIN_MS));
      }
    } catch (error) {
      // Policy: "no responders" or silence: dead, or as good as dead; its next write fails.
      if (!(error instanceof RpcError)) throw error;
    }
    return found;
  }

  async #take(
    link: Link,
    taken: SessionRecord,
    before: SessionRecord,
    revision: number,
    h: number,
  ): Promise<(Resumed & { cause: Cause }) | NotResumed> {
    const { following, binding, hooks, management, restore, abandon, config, log } = this.#options;
    const session = restore(link, taken);
    const sm = this.#managed(session, taken, revision, h);
    try {
      const ready = following().reserve(session);
      const away = Date.now() - (before.detachedAt || before.writtenAt);
      const fresh = away <= before.windowMs + config.smCheckpointMs;
      const [table] = await Promise.all([binding().resume(session, fresh), ready]);
      following().learn(session.user, table);
      const kept = new Map(Object.entries(taken.kept));
      // Without a place in the log it is not known what has changed since.
      const bound = taken.position === undefined ? { session } : { session, kept };
      const verdict = await hooks.runTogether('session:bound', bound);
      if (verdict instanceof StanzaError) throw verdict;
      hooks.runNow('session:restored', { session, kept });
    } catch (error) {
      abandon(session);
      if (error instanceof StanzaError && error.condition !== 'item-not-found') {
        log.warn({ what: 'session_resume_failed', err: error });
        return error.type === 'wait' ? { condition: error.condition, later: true } : { condition: error.condition };
      }
      if (!(error instanceof StanzaError)) throw error;
      await management.records.put(expiredRecord(taken), revision).catch(() => 0); // it is over, whether that is written or not
      return over(taken);
    }
    const shown = await this.#shownTo(session, before);
    for (const { from, stamp } of shown) session.view.restore(from, stamp);
    const cause: Cause = before.whole ? 'handed-over' : 'edge-dead';
    const start = () => void this.#start(session, sm, before, h, shown);
    return { session, sm, h: sm.countOf(taken.handled), start, cause };
  }

  /** Whose presence its client has; what may not have arrived, and is not in the record either, is older than all that there is. */
  async #shownTo(session: ClientSession, { whole }: SessionRecord): Promise<readonly Seen[]> {
    try {
      const { view } = await this.#options.management.records.view(session.user, session.id);
      return view.unsure && !whole ? view.shown.map(({ from }) => ({ from, stamp: OLDEST_STAMP })) : view.shown;
    } catch {
      return []; // Policy: nobody answers: then everybody is shown to it once more.
    }
  }

  #managed(session: ClientSession, record: SessionRecord, revision: number, h: number): ManagedStream {
    const { windowMs, base, epoch, handled, openRequests, covering } = record;
    const sm = this.#options.management.make(session, { windowMs, base, epoch, acked: h });
    for (const id of openRequests) sm.asked(id);
    sm.revision = revision;
    sm.storedHandled = handled;
    sm.storedAt = performance.now();
    sm.isReplaying = true;
    sm.reached = record.position;
    session.sm = sm;
    session.handled = handled;
    session.covered = covering;
    return sm;
  }

  /** The client knows: what it has not got, then what has changed meanwhile. */
  async #start(session: ClientSession, sm: ManagedStream, record: SessionRecord, h: number, shown: readonly Seen[]) {
    const { following, replay, hooks, repair, management, log } = this.#options;
    const user = following().userOf(session.user);
    if (user === undefined) return;
    management.manage(session, sm);
    const { rest, arrived } = restOf(record, h);
    sm.forget(arrived);
    log.debug({ what: 'session_resumed', session: session.id, user: session.user, whole: record.whole });
    await replay.run(user, session, sm, rest);
    if (session.ended) return;
    if (record.whole) setTimeout(() => this.#answerLost(session, sm, record), ANSWERS_LATE_MS).unref();
    else this.#answerLost(session, sm, record);
    await hooks.run('session:resumed', { session });
    repair(session, shown);
  }

  /** Its requests are handled, and their answers died with the edge, or came where nobody took them. */
  #answerLost(session: ClientSession, sm: ManagedStream, record: SessionRecord): void {
    if (session.ended || sm.isReleased) return;
    const unanswered = new Set(sm.unanswered);
    for (const id of record.openRequests) {
      if (!unanswered.has(id)) continue;
      const request = Stanza.build('iq', { type: 'get', id, from: session.jid });
      const error = new StanzaError('resource-constraint', 'the answer was lost', { type: 'wait' });
      session.send(errorReply(request, error));
    }
  }
}

const LATER: NotResumed = { condition: 'resource-constraint', later: true };

const over = ({ handled, base }: SessionRecord): NotResumed => ({
  condition: 'item-not-found',
  h: wrap(handled - base),
});

/** §6: of a record that says all; who was sent more by an edge that died may know of more. */
function checkCount({ whole, acked, queue }: SessionRecord, h: number): void {
  if (whole && distance(acked, h) > queue.length) throw new HandledTooHighError(h, wrap(acked + queue.length));
}

/** What the client has got of it, and what not. */
function restOf(record: SessionRecord, h: number): { readonly rest: Rest; readonly arrived: readonly Kept[] } {
  const { acked, queue, position, covering } = record;
  const count = Math.max(0, Math.min(distance(acked, h), queue.length));
  const arrived = queue
    .slice(0, count)
    .map(({ position: at, answers }) => ({ position: at, stanza: NOTHING, answers }));
  const rest = {
    queue: queue.slice(count),
    after: position,
    since: covering?.since,
    served: covering?.served ?? false,
  };
  return { rest, arrived };
}

const NOTHING = new Uint8Array(0);

/** The session of a record, as far as it is its own to know. */
export function restoreInto(session: ClientSession, record: SessionRecord): void {
  session.boundAt = record.boundAt;
  session.state = record.state;
  session.priority = record.priority;
  session.restoreStamp(record.stamp);
  session.presence = new Uint8Array(record.presence);
  for (const to of record.directed) session.directTo(to);
}
