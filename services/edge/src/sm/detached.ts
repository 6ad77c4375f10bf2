import { type Bus, RecordConflictError, RecordsUnavailableError } from '@starling/bus';
import { RECORD_STATE } from '@starling/contracts';
import { bareOf } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import { Stanza, StanzaError } from '@starling/stanza';
import type { EdgeMetrics } from '../metrics.ts';
import { requestRefusal } from '../refusal.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';
import { expiredRecord } from './record-of.ts';
import type { SessionRecords } from './session-records.ts';

/** How often it is looked who is overdue: so much longer than its window a session may last. */
const TICK_MS = 500;
/** So long after its window a session is over although its record cannot be written. */
const GIVE_UP_MS = 60_000;
const ATTEMPTS = 3;

export interface DetachedOptions {
  readonly records: SessionRecords;
  readonly bus: Pick<Bus, 'publish'>;
  readonly end: (session: ClientSession) => void;
  readonly drop: (session: ClientSession) => void;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/**
 * Sessions of this edge whose clients have no connection and may come back (XEP-0198 §5). When the window of one has run out its record is
 * set to expired by compare-and-set, so that a resumption elsewhere and this have one winner.
 */
export class Detached {
  readonly #options: DetachedOptions;
  readonly #sessions = new Map<ClientSession, ManagedStream>();
  readonly #busy = new Set<ClientSession>();
  #ticker: NodeJS.Timeout | undefined;

  constructor(options: DetachedOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  add(session: ClientSession, sm: ManagedStream): void {
    this.#sessions.set(session, sm);
    this.#ticker ??= setInterval(() => this.#tick(Date.now()), TICK_MS).unref();
  }

  delete(session: ClientSession): void {
    this.#sessions.delete(session);
  }

  stop(): void {
    clearInterval(this.#ticker);
    this.#sessions.clear();
  }

  #tick(nowMs: number): void {
    for (const [session, sm] of this.#sessions) {
      const overdueMs = nowMs - sm.detachedAt - sm.windowMs;
      if (overdueMs >= 0 && !this.#busy.has(session)) void this.#end(session, sm, overdueMs > GIVE_UP_MS);
    }
    if (this.#sessions.size > 0) return;
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  async #end(session: ClientSession, sm: ManagedStream, isLast: boolean): Promise<void> {
    const { end, drop, metrics } = this.#options;
    this.#busy.add(session);
    const outcome = await this.expire(session, sm);
    this.#busy.delete(session);
    if (this.#sessions.get(session) !== sm) return;
    if (outcome === 'resumed') drop(session);
    else if (outcome === 'expired' || isLast) {
      this.#sessions.delete(session);
      metrics.smExpired.inc();
      sm.revision = 0; // it is written
      end(session);
    }
  }

  /** Sets the session's record to expired, unless somebody has resumed it. Never rejects. */
  async expire(session: ClientSession, sm: ManagedStream): Promise<'expired' | 'resumed' | 'unavailable'> {
    const { records, log } = this.#options;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      try {
        const stored = await records.get(session.user, session.id);
        if (stored === undefined) return 'expired';
        if (stored.record.epoch > sm.epoch) return 'resumed';
        if (stored.record.recordState === RECORD_STATE.expired) return 'expired';
        await records.put(expiredRecord(stored.record), stored.revision);
        return 'expired';
      } catch (error) {
        // Policy: who was quicker is looked for again; nobody there: at the next tick.
        if (error instanceof RecordConflictError) continue;
        if (!(error instanceof RecordsUnavailableError)) log.error({ what: 'session_expiry_failed', err: error });
        return 'unavailable';
      }
    }
    return 'unavailable';
  }

  /** RFC 6120 §8.2.3: whoever has asked it something hears that nobody answers. */
  refuseRequests(session: ClientSession, sm: ManagedStream): void {
    for (const { position, stanza } of sm.queue) {
      if (position !== undefined || stanza[1] !== IQ_LETTER) continue;
      try {
        const iq = Stanza.decode(stanza);
        if (iq.from === '' || (iq.type !== 'get' && iq.type !== 'set')) continue;
        if (bareOf(iq.from) === iq.from) continue; // the server itself has asked
        const { subject, data } = requestRefusal(iq, iq.from, session.jid, new StanzaError('service-unavailable'));
        this.#options.bus.publish(subject, data);
      } catch (error) {
        // Policy: what cannot be read has no answer.
        this.#options.log.error({ what: 'stanza_answer_failed', err: error });
      }
    }
  }
}

/** The second letter of `<iq`; the other stanzas have others. */
const IQ_LETTER = 'i'.charCodeAt(0);
