import { type Bus, RepeatedCalls } from '@starling/bus';
import { offline, type Position, type SessionRow, streamOf } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics.ts';
import { covers } from '../offline/user-coverage.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';

export interface OwedReportsOptions {
  readonly bus: Bus;
  /** Of the log. */
  readonly streams: number;
  readonly config: Pick<EdgeConfig, 'rpcTimeoutMs' | 'owedRetryMs' | 'owedAttemptsMax' | 'owedWaitingMax'>;
  /** With its epoch; undefined while that is not known. */
  readonly known: (stream: number, position: Position | undefined) => Position | undefined;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

/**
 * Messages to one resource are owed by the session that holds it. When that is over, and its client has not got them, the archive gives them
 * to the account's others (design: what a session that never returns owed goes on).
 */
export class OwedReports {
  readonly #options: OwedReportsOptions;
  readonly #calls: RepeatedCalls;

  constructor(options: OwedReportsOptions) {
    const { bus, config } = options;
    this.#options = options;
    const { rpcTimeoutMs: timeoutMs, owedRetryMs: retryMs, owedAttemptsMax, owedWaitingMax } = config;
    this.#calls = new RepeatedCalls({
      ...{ bus, timeoutMs, retryMs },
      ...{ attemptsMax: owedAttemptsMax, waitingMax: owedWaitingMax },
    });
  }

  get waiting(): number {
    return this.#calls.waiting;
  }

  /** The session is over; nobody goes on with it. `rows`: all sessions of its user. */
  ended(session: ClientSession, sm: ManagedStream, rows: readonly SessionRow[]): void {
    const { streams, known, metrics, log } = this.#options;
    const { user, resource, partition, id } = session;
    const stream = streamOf(partition, streams);
    const after = known(stream, sm.directUpTo);
    if (after === undefined) return;
    const others = rows.some((row) => row.session !== id && covers(row));
    const onLost = (error: unknown) => log.error({ what: 'session_owed_lost', user, err: error });
    if (!this.#calls.tell(offline.owed(stream), { user, resource, after, others }, onLost))
      metrics.limits.inc(1, { limit: 'owed' });
  }

  stop(): void {
    this.#calls.stop();
  }
}
