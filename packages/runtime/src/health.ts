/** True, or why not. */
export type ReadyCheck = () => boolean | string;

export interface Readiness {
  readonly ready: boolean;
  /** What is not ready, and why. */
  readonly reasons: readonly string[];
}

/** Whether this process should get traffic: every named check has to agree. */
export class Health {
  readonly #checks = new Map<string, ReadyCheck>();

  /** Adds a check; it must be cheap and must not wait: it reads what the part already knows about itself. Returns the undo. */
  ready(name: string, check: ReadyCheck): () => void {
    if (this.#checks.has(name)) throw new Error(`two readiness checks are called ${name}`);
    this.#checks.set(name, check);
    return () => this.#checks.delete(name);
  }

  readiness(): Readiness {
    const reasons: string[] = [];
    for (const [name, check] of this.#checks) {
      const verdict = askCheck(check);
      if (verdict !== true) reasons.push(verdict === false ? name : `${name}: ${verdict}`);
    }
    return { ready: reasons.length === 0, reasons };
  }
}

function askCheck(check: ReadyCheck): boolean | string {
  try {
    return check();
  } catch (error) {
    // Policy: a check that fails is a part that is not ready.
    return String(error);
  }
}
