import type { BlockList } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import type { Blocked } from './is-blocked.ts';

/** What is different between the lists that two entries of a log carry. */
export interface BlocksChange {
  /** All blocks were taken back at once. */
  readonly cleared: boolean;
  readonly unblocked: readonly string[];
  readonly blocked: readonly string[];
}

/** A user's list at some place of his log. */
export interface KnownBlocks {
  readonly version: number;
  readonly jids: Blocked;
}

/**
 * One user's list twice: the newest that is known, for all that is said now; and the one at his place in the log, for the entries of the
 * log, so that edge and archive judge each of them alike.
 */
interface UserBlocks {
  now: Blocked;
  nowVersion: number;
  logged: Blocked;
  loggedVersion: number;
  /** Sessions on this edge that need it. */
  holders: number;
  loaded: boolean;
  loading: Promise<void> | undefined;
}

/** The block lists of users who have sessions on this edge. */
export class BlockLists {
  readonly #load: (user: BareJid) => Promise<BlockList>;
  readonly #users = new Map<BareJid, UserBlocks>();

  constructor(load: (user: BareJid) => Promise<BlockList>) {
    this.#load = load;
  }

  /** Users whose lists are kept. */
  get size(): number {
    return this.#users.size;
  }

  /**
   * Keeps a user's list; resolves when it is known. release() is to follow, whatever becomes of this. `known`: the list that he is known to
   * have had, and of which his log tells what has changed since. @throws what loading threw
   */
  hold(user: BareJid, known?: KnownBlocks): Promise<void> | undefined {
    const own = this.#users.get(user) ?? newBlocks();
    this.#users.set(user, own);
    own.holders++;
    if (known !== undefined && !own.loaded && own.loading === undefined) {
      own.logged = known.jids;
      own.loggedVersion = known.version;
      setNow(own, known.version, known.jids);
      own.loaded = true;
    }
    if (own.loaded) return undefined;
    own.loading ??= this.#read(user, own);
    return own.loading;
  }

  release(user: BareJid): void {
    const own = this.#users.get(user);
    if (own !== undefined && --own.holders === 0) this.#users.delete(user);
  }

  /** Whom the user has blocked, as far as anybody knows. @throws Error when nobody keeps his list: nothing may pass unchecked */
  now(user: BareJid): Blocked {
    return this.#of(user).now;
  }

  /** As now, or undefined. */
  find(user: BareJid): Blocked | undefined {
    const own = this.#users.get(user);
    return own?.loaded ? own.now : undefined;
  }

  /** Whom the user had blocked where his log is now. @throws Error when nobody keeps his list */
  logged(user: BareJid): Blocked {
    return this.#of(user).logged;
  }

  /** The user's list where his log is now; undefined when another one is known already that his log has not told. */
  settled(user: BareJid): KnownBlocks | undefined {
    const own = this.#users.get(user);
    if (own?.loaded !== true || own.nowVersion !== own.loggedVersion) return undefined;
    return { version: own.loggedVersion, jids: own.logged };
  }

  /** The roster service has said so. */
  learn(user: BareJid, { version, jids }: BlockList): void {
    const own = this.#users.get(user);
    if (own !== undefined && version > own.nowVersion) setNow(own, version, new Set(jids));
  }

  /** The user's log says so, in its turn. What is different from what it said before; undefined when it is not new. */
  entry(user: BareJid, { version, jids, cleared }: BlockList): BlocksChange | undefined {
    const own = this.#users.get(user);
    if (own === undefined || version <= own.loggedVersion) return undefined;
    const before = own.logged;
    const after = new Set(jids);
    own.logged = after;
    own.loggedVersion = version;
    if (version > own.nowVersion) setNow(own, version, after);
    if (!own.loaded) return undefined;
    return {
      cleared: cleared && before.size > 0,
      ...(cleared ? { unblocked: [], blocked: [...after] } : differences(before, after)),
    };
  }

  async #read(user: BareJid, own: UserBlocks): Promise<void> {
    try {
      const { version, jids } = await this.#load(user);
      const list = new Set(jids);
      if (version > own.nowVersion) setNow(own, version, list);
      if (version > own.loggedVersion) {
        own.logged = list;
        own.loggedVersion = version;
      }
      own.loaded = true;
    } finally {
      own.loading = undefined;
    }
  }

  #of(user: BareJid): UserBlocks {
    const own = this.#users.get(user);
    if (!own?.loaded) throw new Error('a session without its block list');
    return own;
  }
}

/** What has come into the list, and what has gone from it. */
export const differences = (before: Blocked, after: Blocked): Omit<BlocksChange, 'cleared'> => ({
  unblocked: [...before].filter((jid) => !after.has(jid)),
  blocked: [...after].filter((jid) => !before.has(jid)),
});

const EMPTY: Blocked = new Set();

const newBlocks = (): UserBlocks => ({
  now: EMPTY,
  nowVersion: 0,
  logged: EMPTY,
  loggedVersion: 0,
  holders: 0,
  loaded: false,
  loading: undefined,
});

function setNow(own: UserBlocks, version: number, list: Blocked): void {
  own.now = list;
  own.nowVersion = version;
}
