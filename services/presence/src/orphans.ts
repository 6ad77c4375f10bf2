import { RecordConflictError, type Records, RecordsUnavailableError } from '@starling/bus';
import {
  decodeSessionRecord,
  encodeSessionRecord,
  RECORD_STATE,
  type SessionRecord,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { PresenceMetrics } from './metrics.ts';
import type { Row } from './row.ts';
import type { User } from './user.ts';

/** How often it is looked who is overdue: so much longer than its window a session may last. */
const TICK_MS = 500;
/** Who goes on with a session says so within this time, or has died itself: it is looked at again then. */
const MOVED_MS = 5_000;
const NOTHING = new Uint8Array(0);

interface Orphan {
  readonly user: User;
  readonly row: Row;
  dueAtMs: number;
  isBusy: boolean;
}

export interface OrphansOptions {
  readonly records: Records;
  /** Whether it is still this process that decides. */
  readonly isOurs: (user: User) => boolean;
  /** The session is over. */
  readonly onOver: (user: User, row: Row) => void;
  /** What was for its resource alone is for others now. */
  readonly onOwed: (record: SessionRecord, user: User) => void;
  readonly metrics: PresenceMetrics;
  readonly log: Logger;
}

/**
 * Sessions whose edge is dead and whose clients may come back (XEP-0198 §5). When the window of one has run out its record is set to
 * expired by compare-and-set: a resumption that comes at the same moment either finds that, or has changed the record before.
 */
export class Orphans {
  readonly #options: OrphansOptions;
  readonly #orphans = new Map<Row, Orphan>();
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#orphans.size;
  }

  /** The session's edge has died; it is over unless its edge becomes another one within its window. */
  add(user: User, row: Row, nowMs: number): void {
    this.#orphans.set(row, { user, row, dueAtMs: nowMs + row.windowMs, isBusy: false });
    row.isOrphan = true;
    this.#ticker ??= setInterval(() => this.#tick(Date.now()), TICK_MS).unref();
  }

  clear(): void {
    this.#orphans.clear();
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  #tick(nowMs: number): void {
    for (const orphan of this.#orphans.values()) {
      const { user, row } = orphan;
      if (!row.isOrphan || !this.#options.isOurs(user) || user.sessions.get(row.resource) !== row)
        this.#orphans.delete(row);
      else if (nowMs >= orphan.dueAtMs && !orphan.isBusy) void this.#expire(orphan);
    }
    if (this.#orphans.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  async #expire(orphan: Orphan): Promise<void> {
    const { records, isOurs, onOver, onOwed, metrics, log } = this.#options;
    const { user, row } = orphan;
    orphan.isBusy = true;
    try {
      const key = subjects.session(user.jid as BareJid, row.session);
      const stored = await records.get(key);
      const record = stored && decodeSessionRecord(stored.value);
      if (record !== undefined && record.epoch > row.epoch && orphan.dueAtMs < Date.now() - MOVED_MS) {
        // Whoever has taken it has had the time to say so, and is dead as well: its client had the window anew.
        orphan.dueAtMs = record.writtenAt + row.windowMs;
        row.epoch = record.epoch;
      } else if (record !== undefined && record.epoch > row.epoch) return;
      else {
        if (stored !== undefined && record?.recordState === RECORD_STATE.live)
          await records.put(key, encodeSessionRecord(expired(record)), stored.revision);
        this.#orphans.delete(row);
        if (!row.isOrphan || !isOurs(user) || user.sessions.get(row.resource) !== row) return;
        metrics.expired.inc();
        onOver(user, row);
        if (record !== undefined) onOwed(record, user);
      }
    } catch (error) {
      // Policy: somebody has changed it meanwhile, or nobody answers: it is looked at again.
      if (!(error instanceof RecordConflictError || error instanceof RecordsUnavailableError))
        log.error({ what: 'session_expiry_failed', err: error });
    } finally {
      orphan.isBusy = false;
    }
  }
}

/** What is left of it: how much of what its client has sent was handled (XEP-0198 §5, `<failed h=''/>`). */
const expired = (record: SessionRecord): SessionRecord => ({
  ...record,
  recordState: RECORD_STATE.expired,
  writtenAt: Date.now(),
  queue: [],
  presence: NOTHING,
  directed: [],
  kept: {},
  openRequests: [],
});
