/** What one statement reads; the next one follows at once. */
const USERS_MAX = 100;
/** Under way at a time: while they are, what is asked for gathers for the next one. The more there is to do, the more each does. */
const STATEMENTS_MAX = 2;

interface Waiting<T> {
  readonly promise: Promise<T | undefined>;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads something of users from the database: all that is asked for within one turn of the loop, and while others read, by one statement. It begins
 * behind the question, so it sees what was committed before that.
 */
export class BatchedReads<T> {
  readonly #select: (users: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  /** In the order of the questions. */
  readonly #waiting = new Map<string, Waiting<T>>();
  #underWay = 0;
  #isPlanned = false;

  /** @param select what there is of these users; who has no account is left out */
  constructor(select: (users: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
    this.#select = select;
  }

  /** Undefined when there is no such account. @throws what `select` throws */
  read(user: string): Promise<T | undefined> {
    const before = this.#waiting.get(user);
    if (before !== undefined) return before.promise;
    const waiting = newWaiting<T>();
    this.#waiting.set(user, waiting);
    this.#plan();
    return waiting.promise;
  }

  #plan(): void {
    if (this.#isPlanned || this.#waiting.size === 0 || this.#underWay === STATEMENTS_MAX) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      void this.#readNext();
      this.#plan();
    });
  }

  async #readNext(): Promise<void> {
    const asked = new Map<string, Waiting<T>>();
    for (const [user, waiting] of this.#waiting) {
      if (asked.size === USERS_MAX) break;
      asked.set(user, waiting);
      this.#waiting.delete(user);
    }
    this.#underWay++;
    await this.#read(asked);
    this.#underWay--;
    this.#plan();
  }

  async #read(asked: ReadonlyMap<string, Waiting<T>>): Promise<void> {
    try {
      const found = await this.#select([...asked.keys()]);
      for (const [user, { resolve }] of asked) resolve(found.get(user));
    } catch (error) {
      // Policy: whoever waits for one of them hears of it.
      for (const { reject } of asked.values()) reject(error);
    }
  }
}

function newWaiting<T>(): Waiting<T> {
  let [resolve, reject]: [Waiting<T>['resolve'], Waiting<T>['reject']] = [() => undefined, () => undefined];
  const promise = new Promise<T | undefined>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
