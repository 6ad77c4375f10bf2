import { randomBytes } from 'node:crypto';
import { type Bus, call, type Log, type Records } from '@starling/bus';
import { type ArchiveIds, accounts, partitionOf, type SessionRow, streamOf } from '@starling/contracts';
import { type HostedFeatures, hostFeatures, type Session } from '@starling/feature-api';
import { features } from '@starling/features';
import { type ResumeRequest, NS as SM } from '@starling/features/xep-0198-stream-management/elements';
import { NS as CSI } from '@starling/features/xep-0352-csi/importance';
import { type BareJid, bareOf, makeBareJid, makeFullJid, resourceOf } from '@starling/jid';
import type { OwnersConfig } from '@starling/owners';
import { Lifecycle, type Logger, type MetricsRegistry, trackQueues } from '@starling/runtime';
import { NS, StanzaError, StreamError } from '@starling/stanza';
import type { Tracer } from '@starling/trace';
import { DEFAULT_LIMITS, type ScanLimits, type Scanned } from '@starling/xml';
import { keysOf } from './account-keys.ts';
import { Answers } from './answers.ts';
import { archiveIdsOf } from './archive-ids.ts';
import { askService } from './ask-service.ts';
import { askSessions } from './ask-sessions.ts';
import { bindOutcomeOf } from './bind-outcome.ts';
import { boundJid } from './bound-jid.ts';
import type { EdgeConfig } from './config.ts';
import { Digests } from './digests.ts';
import { featureConfigKey } from './feature-configs.ts';
import { Following } from './following.ts';
import { joinGroups, leaveGroups } from './groups.ts';
import { answerFrom } from './http.ts';
import { Inbound } from './inbound.ts';
import type { ByteChannel } from './listen/byte-channel.ts';
import { type Endpoints, openListeners } from './listen/listeners.ts';
import { type EdgeMetrics, edgeMetrics } from './metrics.ts';
import { OfflineDelivery } from './offline/offline-delivery.ts';
import { OperatorRequests } from './operations/operator-requests.ts';
import { Outbound } from './outbound.ts';
import { addPage } from './page/page.ts';
import { type Groups, Presence } from './presence/presence.ts';
import type { PresenceAudience } from './presence/shown.ts';
import { Road } from './road.ts';
import { type ClientSecrets, clientSecretsOf } from './sasl2/client-secrets.ts';
import { FastLogins } from './sasl2/fast-logins.ts';
import { ClientSession, type Link, type SessionHost } from './session.ts';
import { showSessionQueues } from './session-queues.ts';
import { Replay } from './sm/replay.ts';
import { type NotResumed, type Resumed, Resumption, restoreInto } from './sm/resumption.ts';
import { StreamManagement } from './sm/stream-management.ts';
import { PauseGuard } from './stream/pause-guard.ts';
import { Stream, WS_CLOSE_RESTART } from './stream/stream.ts';
import type { StreamHost } from './stream/stream-host.ts';
import { StreamLives } from './stream-lives.ts';
import { UserWishes } from './user-wishes.ts';

/** Unpredictable: a session's id is part of what makes a message's id. */
const SESSION_ID_BYTES = 9;
/** Of the time for stopping, what clients have to take their last bytes and close. */
const LAST_BYTES_SHARE = 0.8;

export interface EdgeOptions {
  /** Unique among all edges of the cluster. */
  readonly id: string;
  readonly config: EdgeConfig;
  /** Configuration of each feature by featureConfigKey, as loadConfig gave it. */
  readonly featureConfig: Readonly<Record<string, unknown>>;
  readonly software: { readonly name: string; readonly version: string };
  readonly bus: Bus;
  readonly log: Log;
  readonly records: Records;
  /** Of sessions that can be resumed. */
  readonly sessionRecords: Records;
  readonly owners: OwnersConfig;
  /** Where heartbeats go: a connection of their own, so that they never wait behind a burst of anything else. Default: `bus`. */
  readonly beats?: Bus;
  /** Stops the process as SIGTERM does, where the edge is all of it: an operator may order that. */
  readonly stopProcess?: () => void;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Default: nothing is traced. */
  readonly tracer?: Tracer | undefined;
}

/** Opens an edge: when this resolves, clients are served. @throws ConfigError */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const archiveIds = archiveIdsOf(options.config);
  const groups = await joinGroups(options);
  const edge = new Edge(options, archiveIds, groups);
  try {
    await edge.open();
  } catch (error) {
    await leaveGroups(groups);
    throw error;
  }
  return edge;
}

/** Terminates streams and holds sockets. All that it knows can be lost. */
export class Edge implements StreamHost {
  readonly id: string;
  readonly domain: string;
  readonly config: EdgeConfig;
  readonly scanLimits: ScanLimits;
  readonly pauses: PauseGuard;
  readonly features: HostedFeatures;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly clientSecrets: ClientSecrets;
  readonly fast: FastLogins;
  readonly #bus: Bus;
  readonly #registry: MetricsRegistry;
  readonly #lifecycle = new Lifecycle();
  readonly #streams = new Set<Stream>();
  readonly #digests: Digests;
  readonly #lives: StreamLives;
  readonly #following: Following;
  readonly #offline: OfflineDelivery;
  readonly #groups: Groups;
  readonly #presence: Presence;
  readonly #management: StreamManagement;
  readonly #resumption: Resumption;
  readonly #operators: OperatorRequests;
  readonly #inbound: Inbound;
  readonly #stopReconnect: () => void;
  readonly #sessionHost: SessionHost;
  #endpoints: Endpoints = { c2s: 0, c2sTls: 0, http: 0 };
  #whenEmpty: () => void = () => undefined;

  constructor(
    {
      id,
      config,
      featureConfig,
      software,
      bus,
      log,
      sessionRecords,
      stopProcess,
      logger,
      metrics,
      tracer,
    }: EdgeOptions,
    archiveIds: ArchiveIds,
    groups: Groups,
  ) {
    this.#groups = groups;
    this.id = id;
    this.config = config;
    this.domain = makeBareJid('', config.domain);
    this.scanLimits = {
      ...DEFAULT_LIMITS,
      stanzaBytes: config.stanzaBytesMax,
      depth: config.depthMax,
      attributes: config.attributesMax,
    };
    this.log = logger;
    this.pauses = new PauseGuard({ bus, releaseTimeoutMs: config.releaseTimeoutMs, log: logger });
    this.#registry = metrics;
    this.metrics = metrics.register(edgeMetrics);
    this.#sessionHost = this.#hostSessions();
    this.#bus = bus;
    this.clientSecrets = clientSecretsOf(config.archiveIdSecret.reveal());
    this.fast = new FastLogins({ bus, key: this.clientSecrets.tokens, timeoutMs: config.rpcTimeoutMs });
    this.features = hostFeatures('edge', features, {
      domain: this.domain,
      software,
      stanzaBytesMax: config.stanzaBytesMax,
      archives: {
        ids: archiveIds,
        streamOf: (user) => streamOf(partitionOf(user), log.streams),
        wasRead: (session, span) => this.#following.wasRead(session as ClientSession, span),
      },
      configOf: (feature) => featureConfig[featureConfigKey(feature)],
      call: (method, request) => askService(bus, method, request, config.rpcTimeoutMs),
      wishes: new UserWishes(bus, config.rpcTimeoutMs),
      sessionsOf: (account) => this.#sessionsOf(account),
      tellSession: (session) => this.#presence.sessions.changed(session as ClientSession),
      makeKeys: keysOf,
      onHookFailure: ({ feature, event, phase, error }) => {
        this.metrics.hookFailures.inc(1, { phase });
        logger.error({ what: 'hook_failed', feature, event, phase, err: error });
      },
    });
    // RFC 6120 §7.6.2.2: a stream has one resource.
    this.features.iqs.add('set', NS.bind, 'bind', ['server', 'account'], () => {
      throw new StanzaError('not-allowed');
    });
    if (config.page === 'on')
      addPage(this.features.http, { domain: this.domain, registration: this.#isRegistrationOpen });
    const { domain, metrics: counted } = this;
    const streams = log.streams;
    this.#digests = new Digests({ bus, streams, timeoutMs: config.rpcTimeoutMs, log: logger });
    const epochOf = (stream: number) => this.#digests.epochOf(stream);
    this.#lives = new StreamLives({ log, epochOf, logger });
    const sink = new Outbound({
      ...{ edge: id, domain, bus },
      onTable: (user, table) => this.#following.learn(user, table),
      onQuestion: (user, replyTo) => this.#following.tellSessions(user, replyTo),
      onDirect: (user, session, position) => this.#offline.gotDirectly(user, session, position),
      onAccountDeleted: (user, position) => this.#following.accountDeleted(user, position),
      hooks: this.features.hooks,
      tracer,
      metrics: counted,
      log: logger,
    });
    const digests = this.#digests;
    const lives = this.#lives;
    this.#offline = new OfflineDelivery({
      ...{ bus, config, metrics: counted, log: logger },
      epochOf,
      userOf: (session) => this.#following.userOf(session.user),
      deliver: (user, session, entry) => sink.offline(user, session, entry),
    });
    const coverage = this.#offline;
    const displaced = (session: ClientSession) => this.#displaced(session);
    const told = { digests, lives, sink, coverage, displaced };
    this.#following = new Following({ bus, streams, config, ...told, metrics: counted, log: logger });
    this.#stopReconnect = bus.onReconnect(() => {
      lives.reconnected();
      for (const missed of this.#following.sessionsByUser()) void this.features.hooks.run('user:missed', missed);
    });
    const road = new Road({
      ...{
        bus,
        log,
        metrics: counted,
        requestTimeoutMs: config.rpcTimeoutMs,
        halfStoredMax: config.halfStoredMax,
        tracer,
      },
      wantsCopies: (session) => this.#following.sessionsOf(session.user)?.wantCopiesOf(session) ?? false,
    });
    const audience: PresenceAudience = {
      sessions: () => this.#following.sessions(),
      sessionsOf: (user) => this.#following.sessionsOf(user),
      mayShow: (user, from) => sink.mayShow(user, from),
    };
    this.#presence = new Presence({
      bus,
      groups,
      domain,
      config,
      road,
      audience,
      tracer,
      metrics: counted,
      log: logger,
    });
    const incarnation = () => groups.edge.incarnation;
    const following = () => this.#following;
    const { hooks } = this.features;
    this.#management = new StreamManagement({
      ...{
        bus,
        records: sessionRecords,
        edge: id,
        streams,
        incarnation,
        following,
        hooks,
        config,
        metrics: counted,
        log: logger,
      },
      known: (stream, position) => coverage.known(stream, position),
      tell: (session) => this.#presence.sessions.changed(session),
      onArrived: (session, arrived) => coverage.arrived(session, arrived),
      end: (session) => this.#over(session),
      drop: (session) => this.#drop(session),
    });
    if (this.#hasCsi) {
      // XEP-0386 §3.2: the session begins in that state.
      const begin = (name: string) => ({
        before: (session: Session) => (session as ClientSession).becomeInactive(name === 'inactive', config.viewMax),
      });
      for (const name of ['active', 'inactive']) this.features.binds.add(CSI.csi, name, begin(name));
    }
    // XEP-0386, XEP-0198 "Enable Stream Management Inline".
    this.features.binds.add(SM.sm, 'enable', {
      after: (session, { attrs }) => this.#management.enableInline(session as ClientSession, attrs),
    });
    counted.smDetachedNow.track(() => this.#management.detached);
    trackQueues(metrics, {
      edge_offline_reports: { limit: config.offlineReportsMax, used: () => this.#offline.reportsWaiting },
      edge_owed_reports: { limit: config.owedWaitingMax, used: () => this.#management.owedWaiting },
    });
    showSessionQueues(metrics, config, () => this.#following.sessions());
    this.#resumption = new Resumption({
      ...{ bus, edge: id, incarnation, following, hooks, config, metrics: counted, log: logger },
      management: this.#management,
      binding: () => this.#presence.binding,
      replay: new Replay({
        ...{ bus, config, sink, metrics: counted, log: logger },
        findEnd: (user, reached) => this.#following.findEnd(user, reached),
      }),
      restore: (link, record) => {
        const jid = makeFullJid(record.user as BareJid, record.resource);
        const own = { id: record.session, jid, link, origin: record.origin };
        const session = new ClientSession(own, this.#sessionHost);
        restoreInto(session, record);
        return session;
      },
      repair: (session, shown) => this.#presence.resumed(session, shown),
      abandon: (session) => this.#drop(session),
    });
    this.#operators = new OperatorRequests({
      ...{ bus, edge: id, following: this.#following, log: logger },
      detached: () => this.#management.detached,
      kick: (session, error) => this.#kick(session, error),
      drain: stopProcess,
      drainWithinMs: config.drainMs + config.stopMs,
    });
    this.#inbound = new Inbound({
      domain,
      features: this.features,
      road,
      answers: new Answers({ road, config }),
      presence: this.#presence.sessions,
      visibility: this.#presence.visibility,
      isBound: (jid) => this.#following.sessionsOf(bareOf(jid))?.has(resourceOf(jid)) ?? false,
      tracer,
      metrics: counted,
      log: logger,
    });
  }

  /** XEP-0077 §8: that strangers may register is said before authentication. */
  get #isRegistrationOpen(): boolean {
    return this.features.streamFeatures['before-auth'].some((feature) => feature.name === 'register');
  }

  get #hasCsi(): boolean {
    return this.features.streamFeatures['after-auth'].some((feature) => feature.ns === CSI.csi);
  }

  get endpoints(): Endpoints {
    return this.#endpoints;
  }

  /** All that needs no socket. */
  begin(): void {
    this.pauses.start();
    this.#management.start();
    this.#operators.start();
    this.#lives.start(this.#following);
    this.#digests.start(this.#following);
  }

  /** @throws what listening threw: a port is taken, a certificate cannot be read */
  async open(): Promise<void> {
    this.begin();
    const { config, log } = this;
    const onConnection = (channel: ByteChannel) => void this.#streams.add(new Stream(channel, this));
    try {
      const http = answerFrom(this.features.http);
      const opening = openListeners({ config, log, metrics: this.#registry, onConnection, http });
      const listeners = await this.#lifecycle.use('listeners', opening, (l) => l.stop());
      this.#endpoints = listeners.endpoints;
    } catch (error) {
      this.#leaveBus();
      throw error;
    }
  }

  /**
   * 1 No new connections · 2 sessions that can be resumed are handed over · 3 every other stream is told system-shutdown · 4 its last bytes go
   * out, bounded · 5 off the bus.
   */
  async stop(): Promise<void> {
    await this.#lifecycle.stop();
    await this.#management.drain();
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    for (const stream of this.#streams) stream.fail(new StreamError('system-shutdown'), WS_CLOSE_RESTART);
    if (this.#streams.size > 0) {
      const late = setTimeout(() => {
        for (const stream of this.#streams) stream.destroy();
      }, this.config.stopMs * LAST_BYTES_SHARE);
      await empty;
      clearTimeout(late);
    }
    await this.#offline.stop();
    this.#leaveBus();
    await leaveGroups(this.#groups);
  }

  #leaveBus(): void {
    this.#stopReconnect();
    this.pauses.stop();
    this.#operators.stop();
    this.#management.stop();
    this.#digests.stop();
    this.#lives.stop();
    this.#presence.stop();
  }

  lookupKeys(user: BareJid) {
    return call(this.#bus, accounts.keys, { user }, this.config.rpcTimeoutMs);
  }

  async prepareSession(
    link: Link,
    user: BareJid,
    resource: string,
    prepare?: (session: Session) => void,
  ): Promise<ClientSession> {
    const jid = boundJid(user, resource);
    const replaces = this.#following.sessionsOf(user)?.local.has(resourceOf(jid)) ?? false;
    if (!replaces && this.#following.countOf(user) >= this.config.sessionsPerUserMax) {
      this.metrics.binds.inc(1, { outcome: 'refused' });
      throw new StanzaError('resource-constraint'); // §7.6.2.1
    }
    const id = randomBytes(SESSION_ID_BYTES).toString('base64url');
    const session = new ClientSession({ id, jid, link }, this.#sessionHost);
    try {
      prepare?.(session);
      const ready = this.#following.reserve(session);
      const [table] = await Promise.all([this.#presence.binding.bind(session), ready]);
      this.#following.learn(user, table);
      const verdict = await this.features.hooks.runTogether('session:bound', { session });
      if (verdict instanceof StanzaError) throw verdict;
      this.metrics.binds.inc(1, { outcome: 'ok' });
      return session;
    } catch (error) {
      this.metrics.binds.inc(1, { outcome: bindOutcomeOf(error) });
      this.sessionEnded(session);
      throw error;
    }
  }

  sessionStarted(session: ClientSession): void {
    this.#following.attach(session);
    this.log.debug({ what: 'session_bound', session: session.id, user: session.user });
  }

  sessionEnded(session: ClientSession): void {
    // Its connection was closed because another edge goes on with it.
    if (session.sm?.isReleased) session.detachLink();
    else this.#over(session);
  }

  #over(session: ClientSession): void {
    if (session.ended) return;
    this.#management.owes(session);
    session.end();
    this.#presence.sessions.ended(session);
    this.#following.detach(session);
    this.#management.ended(session);
    void this.features.hooks.run('session:ended', { session });
    this.log.debug({ what: 'session_ended', session: session.id, user: session.user });
  }

  /** Ends a session for good; false: it is another edge's already. */
  #kick(session: ClientSession, error: StreamError): boolean {
    if (session.ended || session.sm?.isReleased) return false;
    session.abort(error);
    // One without a connection has no stream whose end would end it.
    this.#over(session);
    return true;
  }

  linkLost(session: ClientSession): void {
    if (!this.#management.linkLost(session)) this.sessionEnded(session);
  }

  managed(session: ClientSession, element: Scanned): void {
    this.#management.received(session, element);
  }

  resumeSession(link: Link, user: BareJid, request: ResumeRequest): Promise<Resumed | NotResumed> {
    return this.#resumption.resume(link, user, request);
  }

  #hostSessions(): SessionHost {
    const { inboundQueueMax: max, inboundQueueBytesMax: bytesMax, viewMax } = this.config;
    return {
      edge: this.id,
      handle: (session, stanza) => this.#handle(session, stanza),
      queue: { max, bytesMax },
      onQueueFull: () => this.metrics.queueFull.inc(),
      logEndOf: (user) => this.#following.logEndOf(user),
      viewMax,
    };
  }

  #handle(session: ClientSession, stanza: Scanned): void | Promise<void> {
    if (stanza.ns === SM.sm) return this.#management.handle(session, stanza);
    if (stanza.ns !== CSI.csi) return this.#inbound.handle(session, stanza);
    if (this.#hasCsi) session.becomeInactive(stanza.name === 'inactive', this.config.viewMax);
  }

  /** A session without a connection has gone on elsewhere, or another one has its resource: nobody waits for its client any more. */
  #displaced(session: ClientSession): void {
    if (session.sm?.isReleased) this.#drop(session);
    else this.sessionEnded(session);
  }

  /** The session is another edge's: here it ends, and nobody hears of it. */
  #drop(session: ClientSession): void {
    if (session.ended) return;
    session.cut();
    session.end();
    this.#following.detach(session);
    this.#management.lost(session);
    void this.features.hooks.run('session:ended', { session });
  }

  streamEnded(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) this.#whenEmpty();
  }

  async #sessionsOf(account: BareJid): Promise<readonly SessionRow[]> {
    return (
      this.#following.sessionsOf(account)?.rows ?? (await askSessions(this.#bus, account, this.config.rpcTimeoutMs))
    );
  }
}
