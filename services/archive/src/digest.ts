import type { Bus } from '@starling/bus';
import { encodeDigest, type Position, subjects, type UserPosition } from '@starling/contracts';

/** In one digest: users, and the bytes of their JIDs. NATS carries 1 MiB. */
const USERS_MAX = 4_000;
const BYTES_MAX = 256 * 1024;

/** Says on the bus, once an interval, whose logs have new entries and up to where; an empty one too, so that a hole is seen. */
export class DigestPublisher {
  readonly #bus: Bus;
  readonly #stream: number;
  readonly #publisher: string;
  readonly #news = new Map<string, Position>();
  #counter = 0;
  #generation = 0;

  constructor(bus: Bus, stream: number, publisher: string) {
    this.#bus = bus;
    this.#stream = stream;
    this.#publisher = publisher;
  }

  /** The owner's log has an entry there. */
  note(owner: string, position: Position): void {
    this.#news.set(owner, position);
  }

  /** What was said before may have been wrong or missed: readers ask for everything when the publisher changes. */
  startAnew(): void {
    this.#generation++;
    this.#counter = 0;
  }

  publish(epoch: number): void {
    const news: UserPosition[] = [];
    for (const [user, position] of this.#news) news.push({ user, position });
    this.#news.clear();
    for (const last of parts(news)) {
      const digest = {
        stream: this.#stream,
        counter: ++this.#counter,
        epoch,
        last,
        publisher: `${this.#publisher}.${this.#generation}`,
      };
      this.#bus.publish(subjects.digest(this.#stream), encodeDigest(digest));
    }
  }
}

/** One at least, an empty one perhaps. */
function* parts(news: readonly UserPosition[]): IterableIterator<readonly UserPosition[]> {
  let [start, bytes] = [0, 0];
  for (const [at, { user }] of news.entries()) {
    const own = Buffer.byteLength(user);
    if (at - start === USERS_MAX || (at > start && bytes + own > BYTES_MAX)) {
      yield news.slice(start, at);
      [start, bytes] = [at, 0];
    }
    bytes += own;
  }
  yield news.slice(start);
}
