import type { Log, StreamInfo } from '@starling/bus';
import type { ArchiveMetrics } from './metrics.ts';
import type { Tail } from './tail.ts';

const ASK_MS = 5_000;
const MS_PER_SECOND = 1_000;

export interface StreamWatchOptions {
  readonly stream: number;
  readonly log: Pick<Log, 'info'>;
  readonly metrics: ArchiveMetrics;
  /** Undefined until the stream is read. */
  readonly tail: () => Tail | undefined;
  readonly isDatabaseAway: () => boolean;
}

/** Shows how the log of one stream is, and how far its archive is behind; the archive of the stream is the one that tells. */
export class StreamWatch {
  readonly #options: StreamWatchOptions;
  readonly #undo: readonly (() => void)[];
  readonly #timer: NodeJS.Timeout;
  #info: StreamInfo | undefined;
  #isSilent = false;
  #isStopped = false;

  constructor(options: StreamWatchOptions) {
    this.#options = options;
    const { metrics, tail, isDatabaseAway } = options;
    const stream = String(options.stream);
    const storage = () => this.#info?.storage;
    this.#undo = [
      metrics.behindSeconds.track(() => ageSeconds(tail()?.oldestAtMs), { stream }),
      metrics.behindEntries.track(() => tail()?.length ?? 0, { stream }),
      metrics.unread.track(() => this.#unread(), { stream }),
      metrics.logBytes.track(() => storage()?.bytes ?? 0, { stream }),
      metrics.logBytesLimit.track(() => storage()?.bytesMax ?? 0, { stream }),
      metrics.logEntries.track(() => entriesOf(this.#info), { stream }),
      metrics.logReplicas.track(() => storage()?.replicas ?? 0, { stream, state: 'wanted' }),
      metrics.logReplicas.track(() => storage()?.replicasCurrent ?? 0, { stream, state: 'current' }),
      metrics.logSilent.track(() => Number(this.#isSilent), { stream }),
      metrics.databaseAway.track(() => Number(isDatabaseAway())),
    ];
    this.#timer = setInterval(() => void this.#ask(), ASK_MS).unref();
    void this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
    for (const end of this.#undo) end();
  }

  async #ask(): Promise<void> {
    const { log, stream } = this.#options;
    try {
      const info = await log.info(stream);
      if (this.#isStopped) return;
      this.#info = info;
      this.#isSilent = false;
    } catch {
      // Policy: whoever reads the stream tells why; here it is one sample.
      this.#isSilent = true;
    }
  }

  #unread(): number {
    const tail = this.#options.tail();
    return tail === undefined || this.#info === undefined ? 0 : Math.max(0, this.#info.last - tail.readUpTo);
  }
}

const ageSeconds = (atMs: number | undefined) =>
  atMs === undefined ? 0 : Math.max(0, Date.now() - atMs) / MS_PER_SECOND;

const entriesOf = (info: StreamInfo | undefined) => (info === undefined ? 0 : info.last + 1 - info.first);
