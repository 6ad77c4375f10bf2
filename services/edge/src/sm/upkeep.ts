import { SESSION_RECORD_REFRESH_MS, type Seen, type SessionView } from '@starling/contracts';
import type { PresenceView } from '@starling/features/rfc-6121-presence/view';
import type { EdgeConfig } from '../config.ts';
import type { ClientSession } from '../session.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { ManagedStream } from './managed-stream.ts';
import { OLDEST_STAMP } from './record-of.ts';
import type { SessionRecords } from './session-records.ts';

/** One timer for all sessions. */
const TICK_MS = 1_000;
/** Ticks that a view waits for what was sent to arrive, before it is stored as one of which that is not known. */
const WAITS_MAX = 3;

/** What is stored of a view. */
interface Upkept {
  /** How often it had changed. */
  changes: number;
  /** Its client had got all that it was sent. */
  isCertain: boolean;
  revision: number;
  isStoring: boolean;
  waits: number;
}

export interface UpkeepOptions {
  readonly records: SessionRecords;
  readonly checkpoints: Checkpoints;
  readonly sessions: () => Iterable<ClientSession>;
  readonly config: EdgeConfig;
  readonly shown: (session: ClientSession) => PresenceView;
  readonly onLost: (session: ClientSession) => void;
}

/** What sessions with stream management need now and then: to be asked what has arrived, and records that are not too old. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #ticker: NodeJS.Timeout;
  readonly #views = new WeakMap<ClientSession, Upkept>();

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#ticker = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#ticker);
  }

  #tick(): void {
    const { smCheckpointMs } = this.#options.config;
    const now = performance.now();
    for (const session of this.#options.sessions()) {
      const { sm } = session;
      if (sm === undefined || session.ended || sm.isReleased) continue;
      if (session.isConnected && !sm.isAsking && sm.queue.length > 0) session.ask();
      if (!sm.isResumable) continue;
      const isOld = now - sm.storedAt > SESSION_RECORD_REFRESH_MS;
      if (isOld || (sm.changedAt > 0 && now - sm.changedAt >= smCheckpointMs)) this.#store(session, sm);
      void this.#storeView(session);
    }
  }

  #store(session: ClientSession, sm: ManagedStream): void {
    void this.#options.checkpoints.write(session, sm).then((outcome) => {
      if (outcome === 'lost') this.#options.onLost(session);
    });
  }

  /** Whose presence the client has been shown: should the edge die, nobody of them stays for ever. Never rejects. */
  async #storeView(session: ClientSession): Promise<void> {
    const { records, shown } = this.#options;
    const view = shown(session);
    let stored = this.#views.get(session);
    if (stored === undefined) {
      stored = { changes: 0, isCertain: true, revision: 0, isStoring: false, waits: 0 };
      this.#views.set(session, stored);
    }
    const { changes } = view;
    if (stored.isStoring || (stored.changes === changes && stored.isCertain)) return;
    const isCertain = session.sm?.hasLive !== true;
    if (!isCertain && (stored.changes === changes || stored.waits++ < WAITS_MAX)) return;
    stored.waits = 0;
    stored.isStoring = true;
    try {
      const list: SessionView = { shown: shownOf(session), unsure: !isCertain };
      stored.revision = await records.putView(session.user, session.id, list, stored.revision);
      stored.changes = changes;
      stored.isCertain = isCertain;
    } catch {
      // Policy: another edge wrote it before, or nobody answers: read, and written at the next tick.
      stored.revision = await records.view(session.user, session.id).then(
        ({ revision }) => revision,
        () => stored.revision,
      );
    } finally {
      stored.isStoring = false;
    }
  }
}

/** What the client has been shown; something newer may wait (XEP-0352). */
function shownOf({ view, held }: ClientSession): readonly Seen[] {
  const list: Seen[] = [];
  for (const [from, stamp] of view.available()) if (held?.has(from) !== true) list.push({ from, stamp });
  for (const from of held?.addresses() ?? []) list.push({ from, stamp: OLDEST_STAMP });
  return list;
}
