import type { Db } from '@starling/db';
import { type StoredRoster, selectRosters } from './sql/select-rosters.ts';

/** Rosters that one statement reads; the next one follows at once. */
const USERS_MAX = 100;

interface Waiting {
  readonly promise: Promise<StoredRoster | undefined>;
  readonly resolve: (roster: StoredRoster | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** Reads rosters from the database: those that are asked for within one turn of the loop by one statement. */
export class RosterReads {
  readonly #db: Db;
  #waiting = new Map<string, Waiting>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** Undefined when there is no such account. @throws DbUnavailableError */
  read(user: string): Promise<StoredRoster | undefined> {
    const before = this.#waiting.get(user);
    if (before !== undefined) return before.promise;
    const waiting = newWaiting();
    if (this.#waiting.size === 0) setImmediate(() => void this.#flush());
    this.#waiting.set(user, waiting);
    return waiting.promise;
  }

  #flush(): void {
    const all = [...this.#waiting];
    this.#waiting = new Map();
    for (let at = 0; at < all.length; at += USERS_MAX) void this.#select(new Map(all.slice(at, at + USERS_MAX)));
  }

  async #select(asked: ReadonlyMap<string, Waiting>): Promise<void> {
    try {
      const rosters = await selectRosters(this.#db, [...asked.keys()]);
      for (const [user, { resolve }] of asked) resolve(rosters.get(user));
    } catch (error) {
      // Policy: whoever waits for one of them hears of it.
      for (const { reject } of asked.values()) reject(error);
    }
  }
}

function newWaiting(): Waiting {
  let [resolve, reject]: [Waiting['resolve'], Waiting['reject']] = [() => undefined, () => undefined];
  const promise = new Promise<StoredRoster | undefined>((...settle) => {
    [resolve, reject] = settle;
  });
  return { promise, resolve, reject };
}
