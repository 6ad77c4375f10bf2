/** What one statement reads; the next one follows at once. */
const USERS_MAX = 100;

interface Waiting<T> {
  readonly promise: Promise<T | undefined>;
  readonly resolve: (value: T | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads something of users from the database: all that is asked for within one turn of the loop by one statement. */
export class BatchedReads<T> {
  readonly #select: (users: readonly string[]) => Promise<ReadonlyMap<string, T>>;
  #waiting = new Map<string, Waiting<T>>();

  /** @param select what there is of these users; who has no account is left out */
  constructor(select: (users: readonly string[]) => Promise<ReadonlyMap<string, T>>) {
    this.#select = select;
  }

  /** Undefined when there is no such account. @throws what `select` throws */
  read(user: string): Promise<T | undefined> {
    const before = this.#waiting.get(user);
    if (before !== undefined) return before.promise;
    const waiting = newWaiting<T>();
    if (this.#waiting.size === 0) setImmediate(() => this.#flush());
    this.#waiting.set(user, waiting);
    return waiting.promise;
  }

  #flush(): void {
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let at = 0; at < all.length; at += USERS_MAX) void this.#read(new Map(all.slice(at, at + USERS_MAX)));
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
