import { type Bus, RepeatedCalls } from '@starling/bus';
import {
  comparePositions,
  offline,
  type Position,
  partitionOf,
  type SessionRecord,
  streamOf,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';
import type { PresenceConfig } from './config.ts';
import type { PresenceMetrics } from './metrics.ts';

export interface OwedOptions {
  readonly bus: Bus;
  /** Of the log. */
  readonly streams: number;
  readonly config: Pick<PresenceConfig, 'rpcTimeoutMs' | 'owedRetryMs' | 'owedAttemptsMax' | 'owedWaitingMax'>;
  readonly metrics: PresenceMetrics;
  readonly log: Logger;
}

/** Tells the archive what sessions owed that are over and whose edge is dead: messages to their resource alone. */
export class Owed {
  readonly #options: OwedOptions;
  readonly #calls: RepeatedCalls;

  constructor(options: OwedOptions) {
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

  /** `others`: another session of its user gets what comes for him. */
  expired(record: SessionRecord, others: boolean): void {
    const after = gotUpTo(record);
    // Without a place in the log it is not known what it had got.
    if (after === undefined) return;
    const { streams, metrics, log } = this.#options;
    const { user, resource } = record;
    const stream = streamOf(partitionOf(user as BareJid), streams);
    const onLost = (error: unknown) => log.error({ what: 'session_owed_lost', user, err: error });
    if (!this.#calls.tell(offline.owed(stream), { user, resource, after, others }, onLost))
      metrics.dropped.inc(1, { reason: 'owed' });
  }

  stop(): void {
    this.#calls.stop();
  }
}

/** Before the first entry that its client had not acknowledged. */
function gotUpTo({ queue, position }: SessionRecord): Position | undefined {
  let upTo = position;
  for (const { position: at } of queue) {
    const before = at && { epoch: at.epoch, sequence: at.sequence - 1 };
    if (before !== undefined && (upTo === undefined || comparePositions(before, upTo) < 0)) upTo = before;
  }
  return upTo;
}
