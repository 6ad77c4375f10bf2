import { type Bus, call, type Subscription } from '@starling/bus';
import {
  archive,
  type Digest,
  decodeDigest,
  type Position,
  partitionOf,
  streamOf,
  subjects,
  type UserPosition,
} from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';

/** Users asked for in one request. */
const ASKED_MAX = 1_000;

/** Users of this edge, as far as digests care. */
export interface FollowedUsers {
  /** L of every user here whose log is on this stream. */
  positions(): Iterable<{ user: BareJid; position: Position | undefined }>;
  /** The log of a user, if he is here, goes up to this position. */
  reaches(user: string, position: Position): void;
}

/** Compares what the archives say of the logs with what has arrived here: once a second, and after every silence. */
export class Digests {
  readonly #bus: Bus;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  readonly #epochs: number[];
  readonly #counters = new Map<string, number>();
  #users: FollowedUsers | undefined;
  #subscriptions: Subscription[] = [];
  #stopReconnect: () => void = () => undefined;

  constructor(options: { bus: Bus; streams: number; timeoutMs: number; log: Logger }) {
    this.#bus = options.bus;
    this.#timeoutMs = options.timeoutMs;
    this.#log = options.log;
    this.#epochs = new Array<number>(options.streams).fill(0);
  }

  /** 0 until the first digest of the stream. */
  epochOf(stream: number): number {
    return this.#epochs[stream] ?? 0;
  }

  start(users: FollowedUsers): void {
    this.#users = users;
    this.#subscriptions = this.#epochs.map((_, stream) =>
      this.#bus.subscribe(subjects.digest(stream), ({ data }) => this.#arrived(decodeDigest(data))),
    );
    this.#stopReconnect = this.#bus.onReconnect(() => {
      for (let stream = 0; stream < this.#epochs.length; stream++) void this.#askForAll(stream);
    });
  }

  stop(): void {
    this.#stopReconnect();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #arrived(digest: Digest): void {
    const key = `${digest.stream}/${digest.publisher}`;
    const expected = (this.#counters.get(key) ?? digest.counter - 1) + 1;
    const knownEpoch = this.#epochs[digest.stream];
    this.#epochs[digest.stream] = digest.epoch;
    this.#counters.set(key, digest.counter);
    this.#forgetOtherPublishers(digest);
    this.#tell(digest.last);
    // A hole in the counters, or another epoch: what the missed digests said is not known.
    if (digest.counter > expected || (knownEpoch !== 0 && knownEpoch !== digest.epoch))
      void this.#askForAll(digest.stream);
  }

  /** A stream has one publisher at a time; a new one has digests of its own behind it, so ask once. */
  #forgetOtherPublishers(digest: Digest): void {
    for (const key of this.#counters.keys()) {
      if (!key.startsWith(`${digest.stream}/`) || key === `${digest.stream}/${digest.publisher}`) continue;
      this.#counters.delete(key);
      void this.#askForAll(digest.stream);
    }
  }

  #tell(positions: readonly UserPosition[]): void {
    for (const { user, position } of positions) this.#users?.reaches(user, position);
  }

  async #askForAll(stream: number): Promise<void> {
    const known = [...(this.#users?.positions() ?? [])].flatMap(({ user, position }) =>
      position !== undefined && streamOf(partitionOf(user), this.#epochs.length) === stream ? [{ user, position }] : [],
    );
    for (let i = 0; i < known.length; i += ASKED_MAX) {
      try {
        const reply = await call(
          this.#bus,
          archive.last(stream),
          { known: known.slice(i, i + ASKED_MAX) },
          this.#timeoutMs,
        );
        this.#tell(reply.last);
      } catch (error) {
        // Policy: the archive is away. Its next digests come with a new publisher or a hole, and that asks again.
        this.#log.warn({ what: 'log_end_lookup_failed', stream, err: error });
        return;
      }
    }
  }
}
