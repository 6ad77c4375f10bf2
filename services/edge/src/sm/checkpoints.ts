import { RecordConflictError, RecordsUnavailableError } from '@starling/bus';
import type { Logger } from '@starling/runtime';
import type { FollowedUser } from '../followed-user.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';
import { type RecordContext, recordOf } from './record-of.ts';
import type { SessionRecords } from './session-records.ts';

export interface CheckpointOptions {
  readonly records: SessionRecords;
  readonly context: () => RecordContext;
  readonly followed: (session: ClientSession) => FollowedUser | undefined;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/**
 * stored: what was true when it was asked for is in the record; unavailable: nobody knows; lost: another edge has the session, nothing
 * that is said here counts any more.
 */
export type Outcome = 'stored' | 'unavailable' | 'lost';

/** Writes sessions' records, by compare-and-set, one at a time for each session. */
export class Checkpoints {
  readonly #options: CheckpointOptions;
  readonly #running = new Map<ClientSession, Promise<Outcome>>();
  /** Those that are asked for while one runs: all get the next one. */
  readonly #next = new Map<ClientSession, Promise<Outcome>>();

  constructor(options: CheckpointOptions) {
    this.#options = options;
  }

  /** The session as it is at some moment from now on. Never rejects. */
  write(session: ClientSession, sm: ManagedStream, whole = false): Promise<Outcome> {
    const running = this.#running.get(session);
    if (running === undefined) return this.#start(session, sm, whole);
    let next = this.#next.get(session);
    if (next === undefined) {
      next = running.then(() => {
        this.#next.delete(session);
        return this.#start(session, sm, whole);
      });
      this.#next.set(session, next);
    }
    return next;
  }

  #start(session: ClientSession, sm: ManagedStream, whole: boolean): Promise<Outcome> {
    const running = this.#write(session, sm, whole).finally(() => this.#running.delete(session));
    this.#running.set(session, running);
    return running;
  }

  async #write(session: ClientSession, sm: ManagedStream, whole: boolean): Promise<Outcome> {
    const { records, context, followed, metrics, log } = this.#options;
    const user = followed(session);
    if (user === undefined) return 'lost';
    const startedAt = performance.now();
    for (let attempt = 0; attempt < 2; attempt++) {
      if (whole) sm.isSealed = true;
      const record = recordOf(session, sm, user, context(), whole);
      sm.changedAt = 0;
      try {
        sm.revision = await records.put(record, sm.revision);
        sm.storedHandled = record.handled;
        sm.storedAt = performance.now();
        metrics.checkpointSeconds.observe((sm.storedAt - startedAt) / 1_000);
        return 'stored';
      } catch (error) {
        // Policy: what could not be stored is not acknowledged; it is tried again when it is asked for again.
        sm.changedAt ||= startedAt;
        if (error instanceof RecordConflictError) {
          if (!(await this.#isOurs(session, sm))) return 'lost';
        } else if (error instanceof RecordsUnavailableError) break;
        else if (error instanceof RangeError) {
          log.warn({ what: 'session_record_too_large', session: session.id });
          break;
        } else throw error;
      }
    }
    metrics.checkpointFailures.inc();
    return 'unavailable';
  }

  /** After a conflict: an earlier write of ours may have been made without our hearing of it. */
  async #isOurs(session: ClientSession, sm: ManagedStream): Promise<boolean> {
    const { records, context } = this.#options;
    try {
      const stored = await records.get(session.user, session.id);
      if (stored === undefined) {
        sm.revision = 0; // too old, or there was no room for it
        return true;
      }
      const { epoch, edge, recordState } = stored.record;
      if (epoch !== sm.epoch || edge !== context().edge || recordState !== 0) return false;
      sm.revision = stored.revision;
      return true;
    } catch (error) {
      // Policy: nobody answers: the next write finds out.
      if (error instanceof RecordsUnavailableError) return true;
      throw error;
    }
  }
}
