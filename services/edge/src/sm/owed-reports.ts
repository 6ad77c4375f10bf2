import { type Bus, call } from '@starling/bus';
import { offline, type Position, type SessionRow, streamOf } from '@starling/contracts';
import type { Logger } from '@starling/runtime';
import type { EdgeConfig } from '../config.ts';
import type { EdgeMetrics } from '../metrics.ts';
import { covers } from '../offline/user-coverage.ts';
import type { ClientSession } from '../session.ts';
import type { ManagedStream } from './managed-stream.ts';

export interface OwedReportsOptions {
  readonly bus: Bus;
  readonly streams: number;
  readonly config: Pick<EdgeConfig, 'rpcTimeoutMs' | 'owedRetryMs' | 'owedAttemptsMax' | 'owedWaitingMax'>;
  /** With its epoch; undefined while that is not known. */
  readonly known: (stream: number, position: Position | undefined) => Position | undefined;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
}

interface Report {
  readonly user: string;
  readonly resource: string;
  readonly after: Position;
  /** Another session of the account gets what comes for it. */
  readonly others: boolean;
}

/**
 * Messages to one resource are owed by the session that holds it. When that is over, and its client has not got them, the archive gives them
 * to the account's others (design: what a session that never returns owed goes on).
 */
export class OwedReports {
  readonly #options: OwedReportsOptions;
  readonly #waiting = new Set<NodeJS.Timeout>();
  #count = 0;

  constructor(options: OwedReportsOptions) {
    this.#options = options;
  }

  /** The session is over; nobody goes on with it. `rows`: all sessions of its user. */
  ended(session: ClientSession, sm: ManagedStream, rows: readonly SessionRow[]): void {
    const { streams, known, config, metrics } = this.#options;
    const stream = streamOf(session.partition, streams);
    const after = known(stream, sm.directUpTo);
    if (after === undefined) return;
    if (this.#count >= config.owedWaitingMax) {
      metrics.limits.inc(1, { limit: 'owed' });
      return;
    }
    this.#count++;
    const others = rows.some((row) => row.session !== session.id && covers(row));
    void this.#tell(stream, { user: session.user, resource: session.resource, after, others }, 1);
  }

  stop(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }

  async #tell(stream: number, report: Report, attempt: number): Promise<void> {
    const { bus, config, log } = this.#options;
    try {
      await call(bus, offline.owed(stream), report, config.rpcTimeoutMs);
      this.#count--;
    } catch (error) {
      // Policy: the archive or its database is away: it is told again, so often.
      if (attempt < config.owedAttemptsMax) this.#later(stream, report, attempt + 1);
      else {
        this.#count--;
        log.error({ what: 'session_owed_lost', user: report.user, err: error });
      }
    }
  }

  #later(stream: number, report: Report, attempt: number): void {
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      void this.#tell(stream, report, attempt);
    }, this.#options.config.owedRetryMs);
    this.#waiting.add(timer.unref());
  }
}
