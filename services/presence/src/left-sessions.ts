import { type Records, RecordsUnavailableError } from '@starling/bus';
import {
  decodeSessionRecord,
  RECORD_STATE,
  SESSION_RECORD_REFRESH_MS,
  type SessionEvent,
  type SessionRecord,
  subjects,
} from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { PresenceConfig } from './config.ts';
import { Limiter } from './limiter.ts';
import type { Partition } from './partition.ts';

export interface LeftSessionsOptions {
  readonly records: Records;
  readonly config: Pick<PresenceConfig, 'recordsReadMax' | 'lookBackMs'>;
  /** Whether the record's edge is there: then it tells its sessions itself. */
  readonly isThere: (incarnation: string) => boolean;
  /** A session whose edge is dead, and whose client may come back. */
  readonly onLeft: (partition: Partition, record: SessionRecord) => void;
  readonly log: Logger;
}

/**
 * Sessions that nobody can tell a new owner of their partition: their edge has died as well as the owner before. Their records (XEP-0198 §5)
 * say that their clients may still come back.
 */
export class LeftSessions {
  readonly #options: LeftSessionsOptions;
  readonly #limiter: Limiter;
  /** Partitions whose turn has not come, and who waits for them. */
  readonly #waiting = new Map<Partition, (() => void)[]>();
  /** Since when no edge can have died unseen, but for the time that it looks back. */
  #seenSinceMs = 0;

  constructor(options: LeftSessionsOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.config.recordsReadMax);
  }

  /** An edge has died, or this node has just come and does not know. */
  edgesMayHaveDied(nowMs: number): void {
    this.#seenSinceMs = nowMs;
  }

  isNeeded(nowMs: number): boolean {
    return nowMs - this.#seenSinceMs < this.#options.config.lookBackMs;
  }

  clear(): void {
    this.#limiter.clear();
    this.#waiting.clear();
  }

  /** Calls back when all that could be read is known; once for all who ask before it is read. */
  read(partition: Partition, whenDone: () => void): void {
    const waiting = this.#waiting.get(partition);
    if (waiting !== undefined) {
      waiting.push(whenDone);
      return;
    }
    const told = [whenDone];
    this.#waiting.set(partition, told);
    this.#limiter.add(async () => {
      this.#waiting.delete(partition);
      try {
        const { records, onLeft } = this.#options;
        for (const key of await records.keys(subjects.sessionsOf(partition.number))) {
          const stored = await records.get(key);
          const record = stored && decodeSessionRecord(stored.value);
          if (record !== undefined && this.#mayComeBack(record)) onLeft(partition, record);
        }
      } catch (error) {
        // Policy: then those sessions are seen to leave, and to come back.
        const { log } = this.#options;
        if (error instanceof RecordsUnavailableError)
          log.warn({ what: 'presence_records_unavailable', partition: partition.number, err: error });
        else log.error({ what: 'presence_records_failed', partition: partition.number, err: error });
      }
      for (const tell of told) tell();
    });
  }

  #mayComeBack({ recordState, incarnation, writtenAt, windowMs }: SessionRecord): boolean {
    if (recordState !== RECORD_STATE.live || this.#options.isThere(incarnation)) return false;
    return Date.now() - writtenAt < SESSION_RECORD_REFRESH_MS + windowMs;
  }
}

/** The session as its edge would have told it. */
export const eventOf = (record: SessionRecord): SessionEvent => ({
  user: record.user,
  resource: record.resource,
  session: record.session,
  state: record.state,
  priority: record.priority,
  boundAt: record.boundAt,
  stamp: record.stamp,
  presence: record.presence,
  ended: false,
  directed: record.directed,
  carbons: false,
  windowMs: record.windowMs,
  epoch: record.epoch,
});
