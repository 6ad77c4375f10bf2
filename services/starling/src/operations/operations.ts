import type { ReceivedReport } from '@starling/bus';
import type { Method } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { WatchedEvent } from '../watch/watched-event.ts';

/** What the commands of operators ask of a running system, over whichever way. All throw CommandError when it does not answer. */
export interface Operations {
  readonly domain: string;
  /** @throws AccountError with the condition that was answered */
  call<Request, Reply>(method: Method<Request, Reply>, request: Request): Promise<Reply>;
  /** Every process that answers within `waitMs`. */
  reports(waitMs: number): Promise<readonly ReceivedReport[]>;
  /** What comes for a user, redacted, until the signal is aborted. */
  watch(user: BareJid, onEvent: (event: WatchedEvent) => void, signal: AbortSignal): Promise<void>;
}

/** How long processes have to say that they are there: a scrape of a busy one takes a tenth of it. */
export const REPORTS_WAIT_MS = 500;
