import { Pause } from './pause.ts';

const INTERVAL_MS = 1_000;

/** Asks the database until it answers: for what has to be put right when it is back, though nobody else may ask for a long time. */
export class DatabaseProbe {
  readonly #ask: () => Promise<unknown>;
  readonly #stopping = new Pause();
  #running: Promise<void> | undefined;

  /** @param ask resolves when the database has answered, and sees to what follows from that */
  constructor(ask: () => Promise<unknown>) {
    this.#ask = ask;
  }

  /** Does nothing while it is under way. */
  start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async stop(): Promise<void> {
    this.#stopping.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#stopping.wait(INTERVAL_MS);
      if (this.#stopping.isClosed) return;
      try {
        await this.#ask();
        return;
      } catch {
        // Policy: away or not, it is asked again; who writes tells what is wrong.
      }
    }
  }
}
