import type { Records } from '@starling/bus';
import {
  decodeSessionRecord,
  decodeSessionView,
  encodeSessionRecord,
  encodeSessionView,
  type SessionRecord,
  type SessionView,
  subjects,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';

export interface StoredSession {
  readonly record: SessionRecord;
  readonly revision: number;
}

export interface StoredView {
  readonly view: SessionView;
  readonly revision: number;
}

const NO_VIEW: SessionView = { shown: [], unsure: false };

/** The records of sessions that can be resumed, typed. */
export class SessionRecords {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** @throws RecordsUnavailableError, and what decoding throws */
  async get(user: BareJid, session: string): Promise<StoredSession | undefined> {
    const stored = await this.#records.get(subjects.session(user, session));
    return stored && { record: decodeSessionRecord(stored.value), revision: stored.revision };
  }

  /** @returns the new revision. @throws RecordConflictError, RecordsUnavailableError, RangeError */
  put(record: SessionRecord, expectedRevision: number): Promise<number> {
    const key = subjects.session(record.user as BareJid, record.session);
    return this.#records.put(key, encodeSessionRecord(record), expectedRevision);
  }

  /** Whose presence its client has been shown. @throws RecordsUnavailableError */
  async view(user: BareJid, session: string): Promise<StoredView> {
    const stored = await this.#records.get(subjects.sessionView(user, session));
    if (stored === undefined) return { view: NO_VIEW, revision: 0 };
    return { view: decodeSessionView(stored.value), revision: stored.revision };
  }

  /** @throws RecordConflictError, RecordsUnavailableError, RangeError */
  putView(user: BareJid, session: string, view: SessionView, expectedRevision: number): Promise<number> {
    return this.#records.put(subjects.sessionView(user, session), encodeSessionView(view), expectedRevision);
  }
}
