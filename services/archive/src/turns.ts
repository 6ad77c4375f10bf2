export interface TurnsBounds {
  /** That work at once. */
  readonly atOnce: number;
  /** That wait for it. */
  readonly waitingMax: number;
  /** Of one user, working or waiting. */
  readonly ofUserMax: number;
}

/** Too many want a turn. */
export class NoTurnError extends Error {
  override readonly name = 'NoTurnError';
}

/** So much work at once: the rest waits in order, and nobody has more than his share of it. */
export class Turns {
  readonly #bounds: TurnsBounds;
  readonly #ofUser = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #working = 0;

  constructor(bounds: TurnsBounds) {
    this.#bounds = bounds;
  }

  get waiting(): number {
    return this.#waiting.length;
  }
  get working(): number {
    return this.#working;
  }

  /** @throws NoTurnError, and what the work throws */
  async take<T>(user: string, work: () => Promise<T>): Promise<T> {
    const { atOnce, waitingMax, ofUserMax } = this.#bounds;
    const own = this.#ofUser.get(user) ?? 0;
    const mustWait = this.#working >= atOnce;
    if (own >= ofUserMax || (mustWait && this.#waiting.length >= waitingMax)) throw new NoTurnError('too many at once');
    this.#ofUser.set(user, own + 1);
    try {
      if (mustWait) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else this.#working++;
      return await work();
    } finally {
      this.#done(user);
    }
  }

  #done(user: string): void {
    const own = this.#ofUser.get(user) ?? 0;
    if (own > 1) this.#ofUser.set(user, own - 1);
    else this.#ofUser.delete(user);
    // Whoever is next takes the place over.
    const next = this.#waiting.shift();
    if (next) next();
    else this.#working--;
  }
}
