import { randomBytes } from 'node:crypto';
import {
  type Bus,
  type Log,
  LogBusyError,
  LogFullError,
  LogUnavailableError,
  RpcError,
  type Subscription,
  serve,
} from '@starling/bus';
import { type Method, accounts as methods, queues } from '@starling/contracts';
import { type Db, DbUnavailableError, migrate } from '@starling/db';
import type { Logger, MetricsRegistry } from '@starling/runtime';
import { Accounts } from './accounts.ts';
import type { RosterConfig } from './config.ts';
import { type RosterMetrics, rosterMetrics } from './metrics.ts';
import { Notices } from './notices.ts';
import { servePersonal } from './personal.ts';
import { secretOf } from './sql/secret.ts';

const SECRET_BYTES = 32;

export interface RosterOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly log: Log;
  readonly config: RosterConfig;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface Roster {
  stop(): Promise<void>;
}

/** Answers for accounts. When this resolves, requests are served. @throws DbUnavailableError, MigrationError */
export async function startRoster({ db, bus, log, config, logger, metrics: registry }: RosterOptions): Promise<Roster> {
  const metrics = registry.register(rosterMetrics);
  await migrate(db, 'roster', new URL('./migrations/', import.meta.url));
  const decoySecret = await secretOf(db, 'scram-decoy', randomBytes(SECRET_BYTES));
  const notices = new Notices({ db, log, metrics, logger, sweepMs: config.noticeSweepMs });
  const accounts = new Accounts({ db, notices, decoySecret, listMax: config.listMax });

  const answer = <Request, Reply>(
    name: string,
    method: Method<Request, Reply>,
    handler: (request: Request) => Promise<Reply>,
  ): Subscription =>
    serve(bus, method, queues.roster, counted(name, metrics, handler), (error, subject) =>
      logger.error({ what: 'request_handling_failed', subject, err: error }),
    );
  const subscriptions = [
    answer('keys', methods.keys, ({ user }) => accounts.keys(user)),
    answer('create', methods.create, async ({ user, keys }) => done(await accounts.create(user, keys))),
    answer('set-keys', methods.setKeys, async ({ user, keys }) => done(await accounts.setKeys(user, keys))),
    answer('remove', methods.remove, async ({ user }) => done(await accounts.remove(user))),
    answer('exists', methods.exists, async ({ user }) => ({ exists: await accounts.exists(user) })),
    answer('list', methods.list, ({ domain, after, limit }) => accounts.list(domain, after, limit)),
    ...servePersonal(answer, { db, bus, notices, config }),
  ];
  notices.start();
  return {
    stop: async () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
      await notices.stop();
    },
  };
}

const done = (_: unknown) => ({});

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
  error instanceof LogBusyError ||
  error instanceof LogFullError ||
  error instanceof LogUnavailableError;
