import { type Bus, type Subscription, serve } from '@starling/bus';
import { edges } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import { StreamError } from '@starling/stanza';
import type { Following } from '../following.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import type { Checkpoints } from './checkpoints.ts';
import type { ManagedStream } from './managed-stream.ts';

/** How long the stanza that is in hand may take: what is not done by then is sent again by the client, and known by its id. */
const IN_HAND_MS = 500;

export interface ReleasesOptions {
  readonly bus: Bus;
  readonly edge: string;
  readonly following: () => Following;
  readonly checkpoints: Checkpoints;
  /** It has no connection any more; should nobody go on with it, it ends like one whose client is away. */
  readonly onReleased: (session: ClientSession, sm: ManagedStream) => void;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/** Lets go of sessions that another edge, or this one, goes on with (XEP-0198 §5): their records are written whole. */
export class Releases {
  readonly #options: ReleasesOptions;
  #subscription: Subscription | undefined;

  constructor(options: ReleasesOptions) {
    this.#options = options;
  }

  start(): void {
    const { bus, edge, log } = this.#options;
    const onError = (error: unknown, subject: string) =>
      log.error({ what: 'request_handling_failed', subject, err: error });
    const handler = (request: { user: string; session: string; epoch: number }) => this.#release(request);
    this.#subscription = serve(bus, edges.release(edge), '', handler, onError);
  }

  stop(): void {
    this.#subscription?.unsubscribe();
  }

  async #release(request: { user: string; session: string; epoch: number }) {
    const session = this.#find(request.user as BareJid, request.session);
    const sm = session?.sm;
    if (session === undefined || sm?.isResumable !== true || sm.epoch !== request.epoch)
      return { known: false, revision: 0 };
    const outcome = await this.release(session, sm, 'conflict');
    return { known: outcome, revision: outcome ? sm.revision : 0 };
  }

  #find(user: BareJid, id: string): ClientSession | undefined {
    for (const session of this.#options.following().sessionsOf(user)?.local.values() ?? [])
      if (session.id === id) return session;
    return undefined;
  }

  /** From now on nothing reaches the session here. True: its record says all. Whoever asks again gets the same. */
  async release(session: ClientSession, sm: ManagedStream, why: 'conflict' | 'restart'): Promise<boolean> {
    if (sm.isWhole) return true;
    const { checkpoints, following, onReleased, metrics } = this.#options;
    session.becomeInactive(false, 0); // what waits is in its record, too
    sm.isReleased = true;
    sm.reached ??= following().userOf(session.user)?.feed.last;
    if (why === 'conflict')
      session.fail(new StreamError('conflict')); // §5: the old stream is closed
    else session.leave();
    session.detachLink();
    if (sm.detachedAt === 0) sm.detachedAt = Date.now();
    onReleased(session, sm);
    await idle(session);
    const isStored = (await checkpoints.write(session, sm, true)) === 'stored';
    sm.isWhole = isStored;
    metrics.smReleased.inc();
    return isStored;
  }
}

function idle(session: ClientSession): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, IN_HAND_MS);
    session.whenIdle(() => {
      clearTimeout(late);
      resolve();
    });
  });
}
