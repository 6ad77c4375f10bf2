import { type Appended, type Log, type LogReader, LogUnavailableError, type StreamInfo } from '@starling/bus';
import { partitionOf, republishedAs, streamOf, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Connection, Network } from './network.ts';
import type { Actor } from './virtual-time.ts';

/** From an append until a majority has it. */
const COMMIT_MS = 1;
/** Of a PubAck. */
const ACK_BYTES = 40;

interface Stream {
  last: number;
  readonly lastOf: Map<string, number>;
  /** Users with entries since the last digest. */
  readonly news: Map<BareJid, number>;
}

/** JetStream, as far as messages of users pass through it: it numbers them, acknowledges, and publishes them again. */
export class Streams {
  readonly count: number;
  readonly #actor: Actor;
  readonly #network: Network;
  readonly #createdAtMs: number;
  readonly #streams: readonly Stream[];

  constructor(network: Network, count: number) {
    this.count = count;
    this.#network = network;
    this.#actor = network.time.newActor('nats', 'nats');
    this.#createdAtMs = network.time.nowMs;
    this.#streams = Array.from({ length: count }, () => ({ last: 0, lastOf: new Map(), news: new Map() }));
  }

  /** As one edge sees it. */
  logOf(connection: Connection): Log {
    return {
      streams: this.count,
      congested: false,
      append: (user, _id, entry) => this.#append(connection, user, entry),
      onDrained: (handler) => handler(),
      info: async (stream) => this.#info(stream),
      read: async (): Promise<LogReader> => {
        throw new LogUnavailableError('nobody reads the log here');
      },
      archived: () => undefined,
      trim: async () => undefined,
      close: async () => undefined,
    };
  }

  lastOf(stream: number): number {
    return this.#streams[stream]?.last ?? 0;
  }

  /** Who has new entries since it was asked last. */
  takeNews(stream: number): ReadonlyMap<BareJid, number> {
    const of = this.#of(stream);
    const news = new Map(of.news);
    of.news.clear();
    return news;
  }

  /** By an edge that is not simulated: nobody waits for the answer. */
  append(user: BareJid, entry: Uint8Array): void {
    const { time, traffic } = this.#network;
    traffic.count('append', entry.length, 1);
    time.after(COMMIT_MS, () => void this.#commit(user, entry), this.#actor);
  }

  #of(stream: number): Stream {
    const found = this.#streams[stream];
    if (found === undefined) throw new RangeError(`no stream ${stream}`);
    return found;
  }

  #info(stream: number): StreamInfo {
    return { stream, createdAtMs: this.#createdAtMs, first: 1, last: this.#of(stream).last };
  }

  #append(connection: Connection, user: BareJid, entry: Uint8Array): Promise<Appended> {
    const { time, traffic } = this.#network;
    traffic.count('append', entry.length, 1);
    return new Promise((resolve) => {
      const commit = () => {
        const appended = this.#commit(user, entry);
        traffic.count('append', ACK_BYTES, 1);
        connection.arrive(() => resolve(appended));
      };
      time.after(COMMIT_MS, commit, this.#actor);
    });
  }

  #commit(user: BareJid, entry: Uint8Array): Appended {
    const stream = streamOf(partitionOf(user), this.count);
    const of = this.#of(stream);
    const sequence = ++of.last;
    const previous = of.lastOf.get(user) ?? 0;
    of.lastOf.set(user, sequence);
    of.news.set(user, sequence);
    this.#network.traffic.count('entry to the archive', entry.length, 1);
    this.#network.republish(republishedAs(subjects.log(user)), entry, { stream, sequence, previous });
    return { stream, sequence, duplicate: false };
  }
}
