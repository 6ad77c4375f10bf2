import { type Bus, type Records, RecordsUnavailableError } from '@starling/bus';
import type { Position } from '@starling/contracts';
import type { Hooks } from '@starling/feature-api';
import { enabled, failed, NS, readEnable } from '@starling/features/xep-0198-stream-management/elements';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import { StreamError } from '@starling/stanza';
import type { Element, Scanned } from '@starling/xml';
import type { EdgeConfig } from '../config.ts';
import type { Following } from '../following.ts';
import type { EdgeMetrics } from '../metrics.ts';
import type { ClientSession } from '../session.ts';
import { Acks } from './acks.ts';
import { Checkpoints } from './checkpoints.ts';
import { Detached } from './detached.ts';
import { drain } from './drain.ts';
import { type Kept, ManagedStream } from './managed-stream.ts';
import { OwedReports } from './owed-reports.ts';
import type { RecordContext } from './record-of.ts';
import { Releases } from './releases.ts';
import { SessionRecords } from './session-records.ts';
import { Upkeep } from './upkeep.ts';

export interface StreamManagementOptions {
  readonly bus: Bus;
  readonly records: Records;
  readonly edge: string;
  /** Of the log. */
  readonly streams: number;
  readonly incarnation: () => string;
  readonly following: () => Following;
  readonly hooks: Hooks;
  readonly config: EdgeConfig;
  /** With its epoch; undefined while that is not known. */
  readonly known: (stream: number, position: Position | undefined) => Position | undefined;
  /** The owner of its user's presence has to know something new of the session. */
  readonly tell: (session: ClientSession) => void;
  readonly onArrived: (session: ClientSession, arrived: readonly Kept[]) => void;
  /** The session is over: as if its stream had ended. */
  readonly end: (session: ClientSession) => void;
  /** Another edge has the session: nobody is told that it is gone here. */
  readonly drop: (session: ClientSession) => void;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/** XEP-0198 for the sessions of this edge: what their clients say of it, and what becomes of them without a connection. */
export class StreamManagement {
  readonly records: SessionRecords;
  readonly checkpoints: Checkpoints;
  readonly #options: StreamManagementOptions;
  readonly #acks: Acks;
  readonly #detached: Detached;
  readonly #releases: Releases;
  readonly #upkeep: Upkeep;
  readonly #owed: OwedReports;
  /** All sessions that have it enabled. */
  readonly #managed = new Set<ClientSession>();

  constructor(options: StreamManagementOptions) {
    const { bus, records, edge, incarnation, following, hooks, config, known, metrics, log } = options;
    this.#options = options;
    this.records = new SessionRecords(records);
    const context = (): RecordContext => ({ edge, incarnation: incarnation(), hooks, known });
    const followed = (session: ClientSession) => following().userOf(session.user);
    this.checkpoints = new Checkpoints({ records: this.records, context, followed, metrics, log });
    const { checkpoints } = this;
    const onLost = (session: ClientSession) => options.drop(session);
    const { onArrived, end } = options;
    this.#acks = new Acks({ checkpoints, answerWaitMs: config.smAnswerWaitMs, onArrived, onLost });
    this.#detached = new Detached({ records: this.records, bus, end, drop: onLost, metrics, log });
    this.#releases = new Releases({
      ...{ bus, edge, following, checkpoints, metrics, log },
      onReleased: (session, sm) => this.#detached.add(session, sm),
    });
    this.#owed = new OwedReports({ bus, streams: options.streams, config, known, metrics, log });
    const shown = (session: ClientSession) => session.view;
    this.#upkeep = new Upkeep({
      records: this.records,
      checkpoints,
      sessions: () => this.#managed,
      config,
      shown,
      onLost,
    });
  }

  /** Sessions without a connection that may be resumed. */
  get detached(): number {
    return this.#detached.size;
  }

  /** Sessions that are over and of which the archive has not been told yet. */
  get owedWaiting(): number {
    return this.#owed.waiting;
  }

  /** Takes part: other edges may ask for sessions from now on. */
  start(): void {
    this.#releases.start();
  }

  /** Hands over all sessions that can be resumed: their clients go on elsewhere. */
  async drain(): Promise<void> {
    const { drainMs } = this.#options.config;
    const resumable = [...this.#managed].filter((session) => session.sm?.isResumable);
    await drain(resumable, drainMs, (session, sm) => this.#releases.release(session, sm, 'restart'));
  }

  stop(): void {
    this.#releases.stop();
    this.#detached.stop();
    this.#owed.stop();
    this.#upkeep.stop();
  }

  /** An element of stream management from a client whose resource is bound. What counts stanzas goes through its queue. */
  received(session: ClientSession, element: Scanned): void {
    const { sm } = session;
    if (element.name === 'a' && sm !== undefined) this.#acks.acknowledged(session, sm, element.attrs);
    else {
      if (element.name === 'r' && sm !== undefined) this.#acks.asked(session, sm);
      session.receive(element);
    }
  }

  /** The same, when all stanzas in front of it are handled. */
  handle(session: ClientSession, element: Scanned): void | Promise<void> {
    const { sm } = session;
    if (session.ended || element.ns !== NS.sm) return;
    if (element.name === 'enable') {
      if (sm === undefined) return this.enable(session, element.attrs);
      // §3: a second attempt; the error that the XEP shows, and then the stream error that it asks for.
      session.writeElement(failed('unexpected-request'));
      session.fail(new StreamError('policy-violation', 'stream management is enabled already'));
    } else if (element.name === 'r' && sm !== undefined) this.#acks.reached(session, sm);
    else session.writeElement(failed('unexpected-request')); // §3, §6
  }

  async enable(session: ClientSession, attributes: Readonly<Record<string, string>>): Promise<void> {
    const { sm, element } = await this.#begin(session, attributes);
    if (session.ended) return;
    session.writeElement(element);
    this.#enabled(session, sm);
  }

  /** Within the bind ("Enable Stream Management Inline"): all that comes to the session comes behind the `<enabled/>` that is returned. */
  async enableInline(
    session: ClientSession,
    attributes: Readonly<Record<string, string>>,
  ): Promise<Element | undefined> {
    const { sm, element } = await this.#begin(session, attributes);
    if (session.ended) return undefined;
    this.#enabled(session, sm);
    return element;
  }

  /** §3: the record is there before the client hears that it can be resumed; without a record it cannot. */
  async #begin(session: ClientSession, attributes: Readonly<Record<string, string>>) {
    const { config } = this.#options;
    const { resume, maxMs = config.resumeWindowMs } = readEnable(attributes);
    const windowMs = resume ? Math.min(maxMs, config.resumeWindowMs) : 0;
    let sm = this.make(session, { windowMs, base: session.handled, epoch: 0, acked: 0 });
    if (sm.isResumable && (await this.checkpoints.write(session, sm)) !== 'stored')
      sm = this.make(session, { windowMs: 0, base: session.handled, epoch: 0, acked: 0 });
    const { isResumable, windowMs: granted } = sm;
    return { sm, element: enabled(isResumable ? { id: session.id, windowMs: granted, location: '' } : undefined) };
  }

  #enabled(session: ClientSession, sm: ManagedStream): void {
    const { metrics, tell } = this.#options;
    metrics.smEnabled.inc(1, { resumable: sm.isResumable ? 'yes' : 'no' });
    this.manage(session, sm);
    if (sm.isResumable) tell(session);
  }

  make(
    session: ClientSession,
    counts: { readonly windowMs: number; readonly base: number; readonly epoch: number; readonly acked: number },
  ): ManagedStream {
    const { config, metrics } = this.#options;
    const { smAskAfter: askAfter, smQueueMax: queueMax, smQueueBytesMax: queueBytesMax } = config;
    const sm: ManagedStream = new ManagedStream({
      ...counts,
      ...{ askAfter, queueMax, queueBytesMax, requestsMax: config.smRequestsMax },
      onFull: () => {
        metrics.limits.inc(1, { limit: 'sm_queue' });
        if (session.isConnected) {
          // It comes back and says what it has got; a queue that grew on would be the end of all others.
          session.cut();
          return;
        }
        if (!sm.isReplaying) sm.reached = this.#options.following().userOf(session.user)?.feed.last;
        sm.isCut = true;
      },
    });
    return sm;
  }

  /** From here on its stanzas are counted. */
  manage(session: ClientSession, sm: ManagedStream): void {
    session.sm = sm;
    this.#managed.add(session);
  }

  /** The connection is gone, and the client has not ended its stream (§7). False: the session is over all the same. */
  linkLost(session: ClientSession): boolean {
    const { sm } = session;
    if (sm?.isResumable !== true || session.ended) return false;
    const { metrics, log } = this.#options;
    session.detachLink();
    clearTimeout(sm.answerTimer);
    sm.answerTimer = undefined;
    sm.unansweredAsks = 0;
    sm.isAsking = false;
    if (sm.isReleased) return true;
    sm.detachedAt = Date.now();
    this.#detached.add(session, sm);
    metrics.smDetached.inc();
    log.debug({ what: 'session_detached', session: session.id, user: session.user });
    // Should this edge die now, the record knows what has been acknowledged, and since when the client is away.
    void this.checkpoints.write(session, sm).then((outcome) => {
      if (outcome === 'lost') this.#options.drop(session);
    });
    return true;
  }

  /** The session is about to be over: what its client has not got of what was for its resource alone goes to others. */
  owes(session: ClientSession): void {
    const { sm } = session;
    const { rows } = this.#options.following().sessionsOf(session.user) ?? { rows: [] };
    if (sm !== undefined) this.#owed.ended(session, sm, rows);
  }

  /** The session is over: nobody can resume it. */
  ended(session: ClientSession): void {
    const { sm } = session;
    this.forget(session);
    if (sm !== undefined) this.#detached.refuseRequests(session, sm);
    if (sm?.isResumable && sm.revision > 0) void this.#detached.expire(session, sm);
  }

  /**
   * Another edge goes on with the session. Unless this one has told it all, requests may have come here that it knows nothing of: they are
   * answered. Whose client has answered, too, has heard that first or does not know the id any more.
   */
  lost(session: ClientSession): void {
    const { sm } = session;
    this.forget(session);
    if (sm !== undefined && !sm.isWhole) this.#detached.refuseRequests(session, sm);
  }

  /** It is not this edge's any more. */
  forget(session: ClientSession): void {
    this.#managed.delete(session);
    this.#detached.delete(session);
    clearTimeout(session.sm?.answerTimer);
  }

  /** Which record is stored of a session; undefined when there is none, or nobody answers. @throws what decoding throws */
  async find(user: BareJid, session: string) {
    try {
      return await this.records.get(user, session);
    } catch (error) {
      // Policy: the client is told that it cannot be resumed now, and binds anew.
      if (error instanceof RecordsUnavailableError) return undefined;
      throw error;
    }
  }
}
