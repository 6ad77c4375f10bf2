import { type Bus, call } from '@starling/bus';
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

export interface OwedOptions {
  readonly bus: Bus;
  /** Of the log. */
  readonly streams: number;
  readonly config: Pick<PresenceConfig, 'rpcTimeoutMs' | 'owedRetryMs' | 'owedAttemptsMax'>;
  readonly log: Logger;
}

interface Report {
  readonly user: string;
  readonly resource: string;
  readonly after: Position;
  readonly others: boolean;
}

/** Tells the archive what sessions owed that are over and whose edge is dead: messages to their resource alone. */
export class Owed {
  readonly #options: OwedOptions;
  readonly #waiting = new Set<NodeJS.Timeout>();

  constructor(options: OwedOptions) {
    this.#options = options;
  }

  /** `others`: another session of its user gets what comes for him. */
  expired(record: SessionRecord, others: boolean): void {
    const after = gotUpTo(record);
    const { user, resource } = record;
    // Without a place in the log it is not known what it had got.
    if (after !== undefined) void this.#tell({ user, resource, after, others }, 1);
  }

  stop(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }

  async #tell(report: Report, attempt: number): Promise<void> {
    const { bus, streams, config, log } = this.#options;
    const { user } = report;
    try {
      const stream = streamOf(partitionOf(user as BareJid), streams);
      await call(bus, offline.owed(stream), report, config.rpcTimeoutMs);
    } catch (error) {
      // Policy: the archive or its database is away: it is told again, so often.
      if (attempt >= config.owedAttemptsMax) {
        log.error({ what: 'session_owed_lost', user, err: error });
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(timer);
        void this.#tell(report, attempt + 1);
      }, config.owedRetryMs);
      this.#waiting.add(timer.unref());
    }
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
