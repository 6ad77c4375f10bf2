import type { Log } from '@starling/bus';

/**
 * Keeps appends back while the log is congested. Who waits here is not handled further: a session's queue fills up, and then its
 * socket is not read (design §3). A session has one stanza in hand at a time, so sessions bound what waits.
 */
export class LogGate {
  readonly #log: Log;
  readonly #waiting: (() => void)[] = [];
  #drainAwaited = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Whether an append has to wait for its turn. */
  get closed(): boolean {
    return this.#log.congested || this.#waiting.length > 0;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Runs `append` when the log has room and those who came before have had their turn; it must call Log.append before it returns. */
  wait(append: () => Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(() => resolve(append()));
      this.#awaitDrain();
    });
  }

  #awaitDrain(): void {
    if (this.#drainAwaited) return;
    this.#drainAwaited = true;
    this.#log.onDrained(this.#letIn);
  }

  readonly #letIn = (): void => {
    this.#drainAwaited = false;
    while (!this.#log.congested) {
      const append = this.#waiting.shift();
      if (append === undefined) return;
      append();
    }
    if (this.#waiting.length > 0) this.#awaitDrain();
  };
}
