import { type Bus, call } from '@starling/bus';
import { archive, type Position } from '@starling/contracts';
import { FreshAnswer, withDeadline } from '@starling/runtime';

/** Where streams of the log end now. Binds of one moment ask once for each stream. */
export class StreamEnds {
  readonly #bus: Bus;
  readonly #timeoutMs: number;
  readonly #answers = new Map<number, FreshAnswer<Position | undefined>>();

  constructor(bus: Bus, timeoutMs: number) {
    this.#bus = bus;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Of all that was in the stream when this was called nothing is behind it, and nothing of it is unread by the archive. Undefined: the
   * epoch is not known.
   * @throws RpcError, DeadlineError
   */
  of(stream: number): Promise<Position | undefined> {
    let answer = this.#answers.get(stream);
    if (answer === undefined) {
      answer = new FreshAnswer(() => this.#ask(stream));
      this.#answers.set(stream, answer);
    }
    return withDeadline(answer.find(), this.#timeoutMs, 'end of the stream');
  }

  async #ask(stream: number): Promise<Position | undefined> {
    const { upTo } = await call(this.#bus, archive.last(stream), { known: [], fresh: true }, this.#timeoutMs);
    return upTo ?? undefined;
  }
}
