import { readFileSync } from 'node:fs';

const POLL_MS = 500;
const KIB_OF_GIB = 1024 * 1024;

/** Why a run was stopped before its end; what it has found till then counts. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
}

export interface BoundsOptions {
  readonly memoryGiBMin: number;
  readonly minutesMax: number;
}

/** Watches over a run: a machine without memory kills what it likes, and nobody waits for ever. */
export class Bounds {
  readonly #timer: NodeJS.Timeout;
  readonly #stopped: Promise<never>;

  constructor({ memoryGiBMin, minutesMax }: BoundsOptions) {
    const endMs = performance.now() + minutesMax * 60_000;
    const { promise, reject } = withReject();
    this.#stopped = promise;
    // Policy: whoever does not wait just then hears it the next time.
    this.#stopped.catch(() => undefined);
    this.#timer = setInterval(() => {
      const availableGiB = availableKiB() / KIB_OF_GIB;
      if (availableGiB < memoryGiBMin)
        reject(new StoppedError(`${availableGiB.toFixed(1)} GiB of memory are left; below ${memoryGiBMin} it stops`));
      if (performance.now() > endMs) reject(new StoppedError(`${minutesMax} minutes are over`));
    }, POLL_MS);
    this.#timer.unref();
  }

  /** What the work comes to. @throws StoppedError as soon as a bound is reached, and what the work throws */
  within<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#stopped]);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

function withReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  return { promise, reject };
}

/** proc(5), /proc/meminfo: what can be had without swapping. */
export function availableKiB(): number {
  const [, kib = '0'] = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1')) ?? [];
  return Number(kib);
}
