import { type Bus, RpcError, type Subscription, serve } from '@starling/bus';
import { operations, type SessionsReply, type SessionsRequest } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import { StreamError } from '@starling/stanza';
import type { Following } from '../following.ts';
import type { ClientSession } from '../session.ts';
import { describeSession, pageBehind } from './page-of-sessions.ts';

/** Of a page; a session takes about 150 bytes of it. */
const PAGE_MAX = 1_000;
const KICKED = 'the session was ended by an operator';

export interface OperatorRequestsOptions {
  readonly bus: Bus;
  /** Id of this edge. */
  readonly edge: string;
  readonly following: Following;
  readonly detached: () => number;
  /** Ends a session for good, its client told this error. False: another edge goes on with it. */
  readonly kick: (session: ClientSession, error: StreamError) => boolean;
  /** Stops the process as SIGTERM does; undefined: it is not this edge's to stop. */
  readonly drain: (() => void) | undefined;
  /** In which it is gone then. */
  readonly drainWithinMs: number;
  readonly log: Logger;
}

/** What operators ask of this edge: its sessions, the end of one, its own stop. Who may ask is the bus's to say (infra/nats/roles.conf). */
export class OperatorRequests {
  readonly #options: OperatorRequestsOptions;
  #subscriptions: readonly Subscription[] = [];

  constructor(options: OperatorRequestsOptions) {
    this.#options = options;
  }

  start(): void {
    const { bus, edge, log } = this.#options;
    const onError = (err: unknown, subject: string) => log.error({ what: 'request_handling_failed', subject, err });
    this.#subscriptions = [
      serve(bus, operations.sessions(edge), '', async (request) => this.#page(request), onError),
      serve(bus, operations.kick(edge), '', async (request) => this.#kick(request), onError),
      serve(bus, operations.drain(edge), '', async () => this.#drain(), onError),
    ];
  }

  stop(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #page({ user, after, limit }: SessionsRequest): SessionsReply {
    const { following, detached } = this.#options;
    const all = [...following.sessions()].filter(({ attached, ended }) => attached && !ended);
    const wanted = user === '' ? all : all.filter((session) => session.user === user);
    const { items, complete } = pageBehind(wanted, after, limit === 0 ? PAGE_MAX : Math.min(limit, PAGE_MAX));
    const users = new Set(all.map((session) => session.user)).size;
    return { sessions: items.map(describeSession), complete, total: all.length, users, detached: detached() };
  }

  /**
   * RFC 6120 §4.9.3.14: policy-violation, "the entity has violated some local service policy", with the policy in the text. not-authorized
   * (§4.9.3.12) is for who has not authenticated; reset and system-shutdown (§4.9.3.16, .19) would ask the client to come back.
   */
  #kick({ user, session: id, text }: { user: string; session: string; text: string }) {
    const { following, kick, log } = this.#options;
    const sessions = following.sessionsOf(user as BareJid)?.local.values() ?? [];
    const session = [...sessions].find((one) => one.id === id);
    if (session === undefined) return { known: false };
    const known = kick(session, new StreamError('policy-violation', text === '' ? KICKED : text));
    if (known) log.info({ what: 'session_kicked', session: id, user: session.user });
    return { known };
  }

  #drain() {
    const { drain, drainWithinMs, following, log } = this.#options;
    if (drain === undefined) throw new RpcError('not-allowed', 'it is part of a larger process: stop that one');
    const sessions = [...following.sessions()].length;
    log.info({ what: 'drain_ordered', sessions });
    // Behind the answer.
    setImmediate(drain);
    return { sessions, withinMs: drainWithinMs };
  }
}
