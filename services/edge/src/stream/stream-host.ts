import type { KeysReply } from '@starling/contracts';
import type { HostedFeatures, Session } from '@starling/feature-api';
import type { ResumeRequest } from '@starling/features/xep-0198-stream-management/elements';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { ScanLimits, Scanned } from '@starling/xml';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSecrets } from '../sasl2/client-secrets.ts';
import type { FastLogins } from '../sasl2/fast-logins.ts';
import type { ClientSession, Link } from '../session.ts';
import type { NotResumed, Resumed } from '../sm/resumption.ts';
import type { PauseGuard } from './pause-guard.ts';
import type { Stream } from './stream.ts';

/** What all streams of an edge share. */
export interface StreamHost {
  readonly domain: string;
  readonly config: EdgeConfig;
  readonly scanLimits: ScanLimits;
  readonly pauses: PauseGuard;
  readonly features: HostedFeatures;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly clientSecrets: ClientSecrets;
  /** Logins with tokens (XEP-0484). */
  readonly fast: FastLogins;
  /** The account's SCRAM keys, or a decoy. Rejects when the roster service cannot answer. */
  lookupKeys(user: BareJid): Promise<KeysReply>;
  /**
   * Makes a session of a resource ('' = of the server's choice). Nothing reaches it before sessionStarted; sessionEnded has to be
   * called in any case. `prepare` sees it before anybody hears of it.
   * @throws StanzaError bad-request, resource-constraint
   */
  prepareSession(
    link: Link,
    user: BareJid,
    resource: string,
    prepare?: (session: Session) => void,
  ): Promise<ClientSession>;
  /** The client is told now that its resource is bound: what comes for it may follow. */
  sessionStarted(session: ClientSession): void;
  sessionEnded(session: ClientSession): void;
  /** The connection is gone, and the client has not ended its stream: its session may go on (XEP-0198 §7). */
  linkLost(session: ClientSession): void;
  /** An element of stream management from a client whose resource is bound. */
  managed(session: ClientSession, element: Scanned): void;
  /**
   * A client wants its session to go on. Nothing reaches it before `start` of what comes back.
   * @throws HandledTooHighError
   */
  resumeSession(link: Link, user: BareJid, request: ResumeRequest): Promise<Resumed | NotResumed>;
  /** The connection is gone, and with it all that is known of the stream. */
  streamEnded(stream: Stream): void;
}
