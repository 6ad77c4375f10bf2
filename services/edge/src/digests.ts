import { type Bus, call, type Subscription } from '@starling/bus';
import { archive, type Digest, decodeDigest, type Position, subjects, type UserPosition } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Logger } from '@starling/runtime';

/** Users asked for in one request. */
const ASKED_MAX = 1_000;

/** Users of this edge, as far as digests care. */
export interface FollowedUsers {
  /** L of every user here whose log is on this stream. */
  positions(stream: number): Iterable<{ user: BareJid; position: Position | undefined }>;
  /** The log of a user, if he is here, goes up to this position. */
  reaches(user: string, position: Position): void;
  /** It goes no further than its L, and the archive is in this epoch. */
  settled(user: BareJid, epoch: number): void;
}

/** What is known of the digests of one stream. */
interface StreamDigests {
  epoch: number;
  /** '' before the first digest. */
  publisher: string;
  counter: number;
  /** A digest, or an answer, was missed and has not been made up for. */
  behind: boolean;
  asking: boolean;
}

/** Compares what the archives say of the logs with what has arrived here: once a second, and after every silence. */
export class Digests {
  readonly #bus: Bus;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  readonly #streams: readonly StreamDigests[];
  #users: FollowedUsers | undefined;
  #subscriptions: readonly Subscription[] = [];
  #stopReconnect: () => void = () => undefined;

  constructor(options: { bus: Bus; streams: number; timeoutMs: number; log: Logger }) {
    this.#bus = options.bus;
    this.#timeoutMs = options.timeoutMs;
    this.#log = options.log;
    this.#streams = Array.from({ length: options.streams }, () => ({
      epoch: 0,
      publisher: '',
      counter: 0,
      behind: false,
      asking: false,
    }));
  }

  /** 0 until the first digest of the stream. */
  epochOf(stream: number): number {
    return this.#streams[stream]?.epoch ?? 0;
  }

  start(users: FollowedUsers): void {
    this.#users = users;
    this.#subscriptions = this.#streams.map((state, stream) =>
      this.#bus.subscribe(subjects.digest(stream), ({ data }) => this.#arrived(stream, state, data)),
    );
    this.#stopReconnect = this.#bus.onReconnect(() => {
      for (const [stream, state] of this.#streams.entries()) this.#catchUp(stream, state);
    });
  }

  stop(): void {
    this.#stopReconnect();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #arrived(stream: number, state: StreamDigests, data: Uint8Array): void {
    let digest: Digest;
    try {
      digest = decodeDigest(data);
    } catch (error) {
      // Policy: what cannot be read is as good as lost, and the next one shows a hole.
      this.#log.error({ what: 'envelope_decode_failed', stream, err: error });
      return;
    }
    const missed = isHole(state, digest);
    state.epoch = digest.epoch;
    state.publisher = digest.publisher;
    state.counter = digest.counter;
    this.#tell(digest.last);
    if (missed || state.behind) this.#catchUp(stream, state);
  }

  #tell(positions: readonly UserPosition[]): void {
    for (const { user, position } of positions) this.#users?.reaches(user, position);
  }

  /** Asks where all logs end; one at a time, and again with the next digest as long as that fails. */
  #catchUp(stream: number, state: StreamDigests): void {
    state.behind = true;
    if (!state.asking) void this.#ask(stream, state);
  }

  async #ask(stream: number, state: StreamDigests): Promise<void> {
    state.asking = true;
    state.behind = false;
    try {
      const all = [...(this.#users?.positions(stream) ?? [])];
      const known = all.flatMap(({ user, position }) => (position === undefined ? [] : [{ user, position }]));
      for (let i = 0; i < known.length; i += ASKED_MAX) {
        const request = { known: known.slice(i, i + ASKED_MAX) };
        const { epoch, last } = await call(this.#bus, archive.last(stream), request, this.#timeoutMs);
        this.#tell(last);
        const further = new Set(last.map(({ user }) => user));
        for (const { user } of request.known) if (!further.has(user)) this.#users?.settled(user, epoch);
      }
      for (const { user, position } of all) if (position === undefined) this.#users?.settled(user, state.epoch);
    } catch (error) {
      // Policy: the archive is away. Its next digest shows that it is back.
      state.behind = true;
      this.#log.warn({ what: 'log_end_lookup_failed', stream, err: error });
    } finally {
      state.asking = false;
    }
  }
}

/** Whether digests were missed: a hole in the counters, another publisher with digests of its own behind it, another epoch. */
function isHole({ publisher, counter, epoch }: StreamDigests, digest: Digest): boolean {
  if (publisher === '') return false;
  return publisher !== digest.publisher || counter + 1 !== digest.counter || epoch !== digest.epoch;
}
