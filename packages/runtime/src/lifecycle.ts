import { withDeadline } from './deadline.ts';

/** Default bound on starting, and on stopping, one thing. */
export const START_TIMEOUT_MS = 60_000;
export const STOP_TIMEOUT_MS = 10_000;

export interface UseOptions {
  readonly startTimeoutMs?: number;
  readonly stopTimeoutMs?: number;
}
export interface StopFailure {
  readonly name: string;
  readonly error: unknown;
}

/** Something was started after the stop had begun. It has been stopped again. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

interface Used {
  readonly name: string;
  readonly timeoutMs: number;
  readonly stop: () => void | Promise<void>;
}

/** What was started, to be stopped in reverse order. */
export class Lifecycle {
  readonly #used: Used[] = [];
  #stopping: Promise<readonly StopFailure[]> | undefined;

  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /**
   * Waits for `thing` and keeps how to stop it.
   * @throws what starting it threw, DeadlineError, StoppedError
   */
  async use<T>(
    name: string,
    thing: T | Promise<T>,
    stop: (thing: T) => void | Promise<void>,
    options: UseOptions = {},
  ): Promise<T> {
    const starting = Promise.resolve(thing);
    let started: T;
    try {
      started = await withDeadline(starting, options.startTimeoutMs ?? START_TIMEOUT_MS, `start ${name}`);
    } catch (error) {
      // Policy: the start has failed; but what comes to life after its deadline must not stay open.
      starting.then(stop).catch(() => {});
      throw error;
    }
    const used = { name, timeoutMs: options.stopTimeoutMs ?? STOP_TIMEOUT_MS, stop: () => stop(started) };
    if (this.#stopping) {
      await stopOne(used, []);
      throw new StoppedError(`${name} was started while everything stopped`);
    }
    this.#used.push(used);
    return started;
  }

  /** Stops everything, the last first, each within its deadline, all of them whatever fails. Never rejects; a second call gets the same. */
  stop(): Promise<readonly StopFailure[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<readonly StopFailure[]> {
    const failures: StopFailure[] = [];
    for (let used = this.#used.pop(); used; used = this.#used.pop()) await stopOne(used, failures);
    return failures;
  }
}

async function stopOne(used: Used, failures: StopFailure[]): Promise<void> {
  try {
    await withDeadline(
      Promise.resolve(used).then((u) => u.stop()),
      used.timeoutMs,
      `stop ${used.name}`,
    );
  } catch (error) {
    // Policy: note it and stop the rest.
    failures.push({ name: used.name, error });
  }
}
