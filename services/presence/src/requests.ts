import { RpcError } from '@starling/bus';
import type { BindRequest, SessionTable } from '@starling/contracts';
import type { Broadcast } from './broadcast.ts';
import type { PresenceConfig } from './config.ts';
import { bareOf } from './jids.ts';
import type { PresenceMetrics } from './metrics.ts';
import type { Partition } from './partition.ts';
import type { Partitions } from './partitions.ts';
import type { Probes } from './probes.ts';
import type { RecentStamps } from './recent-stamps.ts';
import type { Standing } from './standing.ts';
import type { Tables } from './tables.ts';

export interface RequestsOptions {
  readonly standing: Standing;
  readonly partitions: Partitions;
  readonly tables: Tables;
  readonly probes: Probes;
  readonly stamps: RecentStamps;
  readonly broadcast: Broadcast;
  readonly config: PresenceConfig;
  readonly metrics: PresenceMetrics;
}

/** What edges ask, and wait for the answer. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** @throws RpcError unexpected-request: not now, or not here; resource-constraint: too many sessions; item-not-found: it is over */
  bind(request: BindRequest): { boundAt: number; table: SessionTable } {
    const { standing, partitions, tables, stamps, broadcast, config, metrics } = this.#options;
    const { binds } = metrics;
    const { user: jid, resource, session, edge: id, incarnation } = request;
    let partition: Partition;
    try {
      partition = this.#partitionOf(jid);
      if (!standing.isCurrentEdge(id, incarnation)) {
        standing.lookForEdges();
        throw new RpcError('unexpected-request', 'this edge is not known yet');
      }
    } catch (error) {
      binds.inc(1, { outcome: 'elsewhere' });
      throw error;
    }
    const user = partitions.open(jid, partition);
    const { sessions } = user;
    if (sessions.get(resource) === undefined && sessions.size >= config.sessionsPerUserMax) {
      binds.inc(1, { outcome: 'too-many' });
      throw new RpcError('resource-constraint', 'too many sessions'); // RFC 6120 §7.6.2.1
    }
    const edge = { id, incarnation };
    const nowMs = Date.now();
    const bound = request.resumed
      ? sessions.resume(request.resumed, edge, request.fresh === true, nowMs)
      : sessions.bind({ resource, session, edge }, nowMs, stamps.get(`${jid}/${resource}`));
    if (bound === undefined) {
      binds.inc(1, { outcome: 'over' });
      partitions.closeIfIdle(user);
      throw new RpcError('item-not-found', 'the session is over');
    }
    const { row, change } = bound;
    binds.inc(1, { outcome: request.resumed ? 'resumed' : change.departures.length > 0 ? 'replaced' : 'ok' });
    // Nearly always no other edge has a session of his, or had one till now: the answer tells it.
    const isTold = !request.resumed && change.departures.length === 0 && sessions.edges.length === 1;
    const table = isTold ? tables.make(user) : tables.publish(user);
    broadcast.follow(user, { ...change, table: false });
    return { boundAt: row.boundAt, table };
  }

  /** @throws RpcError unexpected-request; resource-constraint: nobody can say now */
  async visible({ asker, target }: { asker: string; target: string }): Promise<{ visible: boolean }> {
    const { partitions, probes } = this.#options;
    this.#partitionOf(bareOf(target));
    const visible = await probes.visible(partitions.user(bareOf(target)), asker, target);
    // Fails closed: the asker is told to wait.
    if (visible === undefined) throw new RpcError('resource-constraint', 'the contacts are not known');
    return { visible };
  }

  /** @throws RpcError unexpected-request when it does not own the user's partition, or does not know yet who is there */
  #partitionOf(user: string): Partition {
    const { standing, partitions } = this.#options;
    const partition = standing.acting === undefined ? undefined : partitions.of(user);
    if (partition?.isServing !== true) throw new RpcError('unexpected-request', 'not now, or not here');
    return partition;
  }
}
