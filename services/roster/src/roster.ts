import { randomBytes } from 'node:crypto';
import {
  type Bus,
  type Log,
  LogBusyError,
  LogFullError,
  LogUnavailableError,
  type Records,
  RecordsUnavailableError,
  RpcError,
  type Subscription,
  serve,
} from '@starling/bus';
import {
  accounts as accountMethods,
  bulk as bulkMethods,
  decodeRosterNotice,
  type FastToken,
  fast as fastMethods,
  type Method,
  preferences as preferenceMethods,
  queues,
  rosters as rosterMethods,
  subjects,
} from '@starling/contracts';
import { type Db, DbUnavailableError, GuardedDb } from '@starling/db';
import { type Logger, type MetricsRegistry, trackQueues } from '@starling/runtime';
import { AccountCopies } from './account-copies.ts';
import { Accounts } from './accounts.ts';
import { Announcer } from './announcer.ts';
import { BatchedReads } from './batched-reads.ts';
import type { RosterConfig } from './config.ts';
import { rosterOf } from './copy-views.ts';
import { Farewells } from './farewells.ts';
import { FastAccounts } from './fast/fast-accounts.ts';
import { FastBacklog } from './fast/fast-backlog.ts';
import { Imports } from './imports.ts';
import { QueueFullError } from './keyed-queue.ts';
import { type RosterMetrics, rosterMetrics } from './metrics.ts';
import { migrateRoster } from './migrations.ts';
import { Notices } from './notices.ts';
import { servePersonal } from './personal.ts';
import { Preferences } from './preferences.ts';
import { RosterCache } from './roster-cache.ts';
import { RosterEdits } from './roster-edits.ts';
import { Rosters } from './rosters.ts';
import { secretOf } from './sql/secret.ts';
import { selectRosters } from './sql/select-rosters.ts';
import { selectWishes } from './sql/select-wishes.ts';

const SECRET_BYTES = 32;

export interface RosterOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly log: Log;
  /** Where copies of accounts are kept for when the database is away. */
  readonly copies: Records;
  readonly config: RosterConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** What is done about the tables before their first use. Default: they are brought up to date. */
  readonly prepare?: (db: Db) => Promise<unknown>;
}

export interface Roster {
  stop(): Promise<void>;
}

/**
 * Answers for accounts and their rosters. When this resolves, requests are served: by the copies of accounts, where the database is away.
 * @throws MigrationError
 */
export async function startRoster({
  db: given,
  bus,
  log,
  copies: records,
  config,
  logger,
  metrics: registry,
  prepare: prepareTables = migrateRoster,
}: RosterOptions): Promise<Roster> {
  const metrics = registry.register(rosterMetrics);
  let decoySecret: Uint8Array | undefined;
  let onBack = () => {};
  const db = new GuardedDb(given, {
    patienceMs: config.databasePatienceMs,
    probeMs: config.databaseProbeMs,
    prepare: async (real) => {
      if (decoySecret !== undefined) return;
      await prepareTables(real);
      decoySecret = await secretOf(real, 'scram-decoy', randomBytes(SECRET_BYTES));
    },
    onChange: (isAway) => {
      metrics.databaseAway.set(isAway ? 1 : 0);
      logger.warn({ what: isAway ? 'db_lost' : 'db_returned' });
      if (!isAway) onBack();
    },
    onUnfit: (error) => logger.error({ what: 'db_prepare_failed', err: error }),
  });
  await db.start();
  const notices = new Notices({ db, log, metrics, logger, sweepMs: config.noticeSweepMs });
  const announcer = new Announcer(bus);
  const { cacheBytesMax, cacheMs, editsMax, noticeSweepMs } = config;
  const copies = new AccountCopies({
    ...{ db, records, metrics, logger, sweepMs: noticeSweepMs },
    queueMax: config.copiesQueueMax,
    knownMax: config.copiesKnownMax,
    refreshMs: config.copiesRefreshMs,
  });
  const reads = new BatchedReads((users) => selectRosters(db, users));
  const wishes = new BatchedReads((users) => selectWishes(db, users));
  const cache = new RosterCache((user) => copies.orCopy(user, () => reads.read(user), rosterOf), {
    bytesMax: cacheBytesMax,
    keepMs: cacheMs,
    metrics,
  });
  const { preferencesMax, preferencesBytesMax: bytesMax } = config;
  const preferences = new Preferences({ db, notices, copies, wishes, logger, max: preferencesMax, bytesMax });
  const edits = new RosterEdits({
    db,
    cache,
    announcer,
    copies,
    preferences,
    metrics,
    logger,
    max: editsMax,
    unsureMax: config.unsureEditsMax,
  });
  const farewells = new Farewells({ db, edits, announcer, metrics, logger, sweepMs: noticeSweepMs });
  const backlog = new FastBacklog({ db, metrics, logger, max: config.fastBacklogMax, retryMs: noticeSweepMs });
  const fast = new FastAccounts({
    ...{ db, records, copies, backlog, lifetimeMs: config.fastTokenMs },
    ...{ clientsMax: config.fastClientsMax, rotateMs: config.fastRotateMs },
  });
  const accounts = new Accounts({
    ...{ db, notices, farewells, edits, copies, fast, listMax: config.listMax },
    decoySecret: () => decoySecret,
  });
  const rosters = new Rosters({ db, cache, edits, copies, config, metrics });
  const imports = new Imports({ db, log, cache, copies, announcer, config });
  // What was cached of copies may be behind what others have committed meanwhile.
  onBack = () => {
    cache.clear();
    copies.databaseReturned();
    void edits.tellUnsure();
  };

  const untrack = trackQueues(registry, {
    roster_copies: { limit: config.copiesQueueMax, used: () => copies.queued },
    roster_edits: { limit: editsMax, used: () => edits.waiting },
    roster_fast_backlog: { limit: config.fastBacklogMax, used: () => backlog.waiting },
    roster_unsure_edits: { limit: config.unsureEditsMax, used: () => edits.unsure },
  });

  const answer = <Request, Reply>(
    name: string,
    method: Method<Request, Reply>,
    handler: (request: Request) => Promise<Reply>,
  ): Subscription =>
    serve(bus, method, queues.roster, counted(name, metrics, handler), (error, subject) =>
      logger.error({ what: 'request_handling_failed', subject, err: error }),
    );
  const { keys, create, setKeys, remove, exists, list } = accountMethods;
  const { get, set, subscribe, contacts, contactsSince, requests } = rosterMethods;
  const subscriptions = [
    bus.subscribe(subjects.rosterChanges, ({ data }) => {
      const { user } = decodeRosterNotice(data);
      cache.drop(user);
      copies.drop(user);
    }),
    answer('keys', keys, ({ user }) => accounts.keys(user)),
    answer('create', create, async (r) => done(await accounts.create(r.user, r.keys))),
    answer('set-keys', setKeys, async (r) => done(await accounts.setKeys(r.user, r.keys))),
    answer('remove', remove, async ({ user }) => done(await accounts.remove(user))),
    answer('exists', exists, async ({ user }) => ({ exists: await accounts.exists(user) })),
    answer('list', list, ({ domain, after, limit }) => accounts.list(domain, after, limit)),
    answer('roster-get', get, ({ user, known, version }) =>
      rosters.get(user, known ? (version ?? undefined) : undefined),
    ),
    answer('roster-set', set, async ({ user, item }) => done(await rosters.set(user, item))),
    answer('subscribe', subscribe, async (r) => done(await rosters.subscribe(r.user, r.contact, r.type, r.stanza))),
    answer('contacts', contacts, async ({ users }) => ({ users: await rosters.contacts(users) })),
    answer('contacts-since', contactsSince, async ({ known }) => ({ changed: await rosters.contactsSince(known) })),
    answer('requests', requests, async ({ user }) => ({ stanzas: await rosters.requests(user) })),
    answer('private-list', bulkMethods.privateXml, async ({ user }) => ({ elements: await imports.privateXml(user) })),
    answer('roster-import', bulkMethods.importRoster, async (r) =>
      done(await imports.roster(r.user, r.items, r.requests)),
    ),
    answer('offline-import', bulkMethods.importOffline, async (r) => done(await imports.offline(r.user, r.stanzas))),
    ...servePersonal(answer, { db, bus, notices, copies, wishes, preferences, config }),
    answer('fast-list', fastMethods.list, async ({ user, client }) => ({ tokens: await fast.list(user, client) })),
    answer('fast-use', fastMethods.use, async (use) => issuedOf(await fast.use(use))),
    answer('fast-issue', fastMethods.issue, async (r) => issuedOf(await fast.issue(r.user, r.client, r.mechanism))),
    answer('preferences-get', preferenceMethods.get, ({ user }) => preferences.get(user)),
    answer('preferences-set', preferenceMethods.set, (wanted) => preferences.set(wanted.user, wanted)),
  ];
  const stopReconnect = bus.onReconnect(() => {
    cache.clear(); // notices may have been missed
    copies.clear();
  });
  notices.start();
  copies.start();
  farewells.start();
  return {
    stop: async () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      stopReconnect();
      untrack();
      edits.stop();
      await Promise.all([notices.stop(), farewells.stop(), copies.stop(), backlog.stop()]);
      await db.close();
    },
  };
}

const done = (_: unknown) => ({});
const issuedOf = (issued: FastToken | undefined) => (issued === undefined ? {} : { issued });

/** Counts a method's outcomes; and the one boundary where what the database or the log cannot do becomes a condition. */
function counted<Request, Reply>(
  method: string,
  metrics: RosterMetrics,
  handler: (request: Request) => Promise<Reply>,
): (request: Request) => Promise<Reply> {
  return async (request) => {
    try {
      const reply = await handler(request);
      metrics.requests.inc(1, { method, outcome: 'ok' });
      return reply;
    } catch (error) {
      metrics.requests.inc(1, { method, outcome: error instanceof RpcError ? 'refused' : 'failed' });
      throw isAway(error) ? new RpcError('resource-constraint', 'not now', { cause: error }) : error;
    }
  };
}

const isAway = (error: unknown) =>
  error instanceof DbUnavailableError ||
  error instanceof QueueFullError ||
  error instanceof LogBusyError ||
  error instanceof LogFullError ||
  error instanceof LogUnavailableError ||
  error instanceof RecordsUnavailableError;
