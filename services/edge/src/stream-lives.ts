import { type Log, LogUnavailableError } from '@starling/bus';
import type { Logger } from '@starling/runtime';

const RETRY_MS = 250;

/** Whoever delivers what streams re-publish. */
export interface LifeListener {
  /** It is not known whether the stream is still the one that it was. */
  doubted(stream: number): void;
  /** It is known again; `isCurrent` has the answer. */
  known(stream: number): void;
}

interface StreamLife {
  createdAtMs: number | undefined;
  /** Epochs up to this one are over. */
  over: number;
  /** The epoch when the doubt began. */
  doubted: number | undefined;
  reconnects: number;
}

/**
 * Whether streams are still those that they were. A server that comes back may have lost its store; then its streams are made anew and count
 * from 1 again, while the archive opens their next epochs only some time later. A re-publication names stream and sequence, nothing else.
 */
export class StreamLives {
  readonly #log: Pick<Log, 'info'>;
  readonly #logger: Logger;
  readonly #epochOf: (stream: number) => number;
  readonly #streams: readonly StreamLife[];
  readonly #stopping = new AbortController();
  #listener: LifeListener | undefined;

  constructor(options: {
    log: Pick<Log, 'info' | 'streams'>;
    /** The last epoch that the archive has told. */
    epochOf: (stream: number) => number;
    logger: Logger;
  }) {
    this.#log = options.log;
    this.#epochOf = options.epochOf;
    this.#logger = options.logger;
    this.#streams = Array.from({ length: options.log.streams }, () => ({
      ...{ createdAtMs: undefined, over: -1, doubted: undefined, reconnects: 0 },
    }));
  }

  start(listener: LifeListener): void {
    this.#listener = listener;
    for (const [stream, life] of this.#streams.entries()) void this.#look(stream, life);
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Whether what the stream re-publishes now may be of this epoch. */
  isCurrent(stream: number, epoch: number): boolean {
    const life = this.#streams[stream];
    return life !== undefined && life.doubted === undefined && epoch > life.over;
  }

  /** The connection was lost, and perhaps more. */
  reconnected(): void {
    for (const [stream, life] of this.#streams.entries()) {
      life.reconnects++;
      this.#listener?.doubted(stream);
      if (life.doubted !== undefined) continue;
      life.doubted = this.#epochOf(stream);
      void this.#look(stream, life);
    }
  }

  /** Nothing is committed while nobody can say when the stream was made, so that nothing waits longer for that. */
  async #look(stream: number, life: StreamLife): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      const { reconnects } = life;
      const createdAtMs = await this.#createdAt(stream);
      if (createdAtMs === undefined || reconnects !== life.reconnects) continue;
      if (life.createdAtMs !== undefined && life.createdAtMs !== createdAtMs) {
        life.over = life.doubted ?? this.#epochOf(stream);
        this.#logger.warn({ what: 'log_made_anew', stream, epoch: life.over });
      }
      life.createdAtMs = createdAtMs;
      if (life.doubted === undefined) return;
      life.doubted = undefined;
      this.#listener?.known(stream);
      return;
    }
  }

  async #createdAt(stream: number): Promise<number | undefined> {
    try {
      return (await this.#log.info(stream)).createdAtMs;
    } catch (error) {
      // Policy: no leader, or not made anew yet: asked again until there is an answer.
      if (!(error instanceof LogUnavailableError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      return undefined;
    }
  }
}
