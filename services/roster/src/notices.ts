import type { Log } from '@starling/bus';
import { COPY, type Envelope, encodeEnvelope, entryId, FATE, KIND } from '@starling/contracts';
import type { Db } from '@starling/db';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { RosterMetrics } from './metrics.ts';
import type { NoticeKind } from './sql/insert-notice.ts';
import { deleteNotice, type Notice, selectNotices } from './sql/notices.ts';

const NAMES: Readonly<Record<NoticeKind, string>> = {
  [KIND.accountCreated]: 'created',
  [KIND.accountDeleted]: 'deleted',
  [KIND.blocksChanged]: 'blocks',
  [KIND.preferencesChanged]: 'preferences',
};
/** Notices that one sweep looks at. */
const SWEEP_MAX = 1_000;

/**
 * Tells the logs of accounts that they begin or end, whom their owners have blocked, and what they want archived. The notice is committed together with what it
 * tells; it is gone when the log
 * has it. A crash in between leaves it for the next sweep, and the entry's id keeps a second append from counting.
 */
export class Notices {
  readonly #db: Db;
  readonly #log: Log;
  readonly #metrics: RosterMetrics;
  readonly #logger: Logger;
  readonly #sweepMs: number;
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(options: { db: Db; log: Log; metrics: RosterMetrics; logger: Logger; sweepMs: number }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#metrics = options.metrics;
    this.#logger = options.logger;
    this.#sweepMs = options.sweepMs;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweep();
    }, this.#sweepMs);
    this.#timer.unref();
    this.#sweeping = this.#sweep();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** Resolves when the log of this account has all notices of it, in their order. */
  async publish(user: string): Promise<void> {
    for (const notice of await selectNotices(this.#db, user, SWEEP_MAX)) await this.#append(notice);
  }

  async #sweep(): Promise<void> {
    try {
      for (const notice of await selectNotices(this.#db, undefined, SWEEP_MAX)) await this.#append(notice);
    } catch (error) {
      // Policy: the database or the log is away; the notices wait for the next sweep.
      this.#logger.warn({ what: 'account_notice_failed', err: error });
    }
  }

  async #append({ id, username, kind, payload }: Notice): Promise<void> {
    const user = username as BareJid; // prepared when it was stored
    const key = `account:${id}`;
    const entry: Envelope = {
      id: entryId({ sender: user, owner: user, key, payload: new Uint8Array(0) }),
      owner: user,
      from: user,
      to: user,
      kind,
      type: '',
      fate: FATE.passing,
      copy: COPY.self,
      hints: 0,
      origin: '',
      sentAtMs: Date.now(),
      after: 0,
      stanza: payload,
    };
    await this.#log.append(user, entry.id, encodeEnvelope(entry));
    await deleteNotice(this.#db, id);
    this.#metrics.notices.inc(1, { kind: NAMES[kind] });
  }
}
