import type { Method } from '@starling/contracts';
import type { Bus } from './bus.ts';
import { call } from './rpc.ts';

export interface RepeatedCallsOptions {
  readonly bus: Bus;
  /** Of one attempt. */
  readonly timeoutMs: number;
  /** Between two attempts. */
  readonly retryMs: number;
  readonly attemptsMax: number;
  /** Calls under way, those between two attempts included. */
  readonly waitingMax: number;
}

/** Tells something to a service that may be away: again and again, so often, until it has answered. What is told has to bear being told twice. */
export class RepeatedCalls {
  readonly #options: RepeatedCallsOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #count = 0;

  constructor(options: RepeatedCallsOptions) {
    this.#options = options;
  }

  /** Calls under way, those between two attempts included. */
  get waiting(): number {
    return this.#count;
  }

  /** False: too many wait, and this is not told. `onLost` hears of the last attempt's failure. */
  tell<Request, Reply>(method: Method<Request, Reply>, request: Request, onLost: (error: unknown) => void): boolean {
    if (this.#count >= this.#options.waitingMax) return false;
    this.#count++;
    void this.#attempt(method, request, onLost, 1);
    return true;
  }

  /** What waits is not told any more. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #attempt<Request, Reply>(
    method: Method<Request, Reply>,
    request: Request,
    onLost: (error: unknown) => void,
    attempt: number,
  ): Promise<void> {
    const { bus, timeoutMs, retryMs, attemptsMax } = this.#options;
    try {
      await call(bus, method, request, timeoutMs);
      this.#count--;
    } catch (error) {
      // Policy: whoever answers is away; whatever it was, it is told again.
      if (attempt >= attemptsMax) {
        this.#count--;
        onLost(error);
        return;
      }
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        void this.#attempt(method, request, onLost, attempt + 1);
      }, retryMs);
      this.#timers.add(timer.unref());
    }
  }
}
