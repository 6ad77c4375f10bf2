import type { Bus } from '@starling/bus';
import { encodeDigest, type Position, subjects, type UserPosition } from '@starling/contracts';

/** Users in one digest: 4,000 JIDs stay well below NATS's message limit. */
const USERS_MAX = 4_000;

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
    for (let i = 0; i === 0 || i < news.length; i += USERS_MAX) {
      const digest = {
        stream: this.#stream,
        counter: ++this.#counter,
        epoch,
        last: news.slice(i, i + USERS_MAX),
        publisher: `${this.#publisher}.${this.#generation}`,
      };
      this.#bus.publish(subjects.digest(this.#stream), encodeDigest(digest));
    }
  }
}
