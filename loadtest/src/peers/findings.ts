import type { Measurement, TsungMeasurement } from './result.ts';
import { NotInstalledError, type ServerName, TITLES } from './server.ts';

/** What has come of a run so far. */
export class Findings {
  readonly measurements: Measurement[] = [];
  readonly tsung: TsungMeasurement[] = [];
  readonly failures: string[] = [];
  readonly missing = new Set<string>();
  readonly versions = new Map<ServerName, string>();
  readonly below = new Map<string, string>();
  /** A server and a work that it is not equipped for. */
  readonly #unable = new Set<string>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** One measurement: what goes wrong is told, and the rest goes on. */
  async from(name: ServerName, work: string, measuring: () => Promise<void>): Promise<void> {
    this.#signal.throwIfAborted();
    const key = `${name} ${work}`;
    if (this.#unable.has(key)) return;
    try {
      await measuring();
    } catch (error) {
      this.#signal.throwIfAborted();
      // Policy: hours of measurements are not thrown away for one; the exit code says that there is no figure.
      const why = error instanceof Error ? error.message : String(error);
      const told = `${TITLES[name]}, ${work}: ${why}`;
      if (error instanceof NotInstalledError) {
        this.#unable.add(key);
        this.missing.add(`not measured: ${told}`);
      } else {
        this.failures.push(`FAILED: ${told}`);
        console.error(error);
      }
      console.log(told);
    }
  }
}
