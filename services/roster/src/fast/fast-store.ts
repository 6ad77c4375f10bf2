import { RecordConflictError, type Records, RecordsUnavailableError } from '@starling/bus';
import { decodeFastTokens, encodeFastTokens, type FastTokens, subjects } from '@starling/contracts';
import type { BareJid } from '@starling/jid';

/** Others who change the tokens of one account at the same time, or a replica that lags behind. */
const ATTEMPTS_MAX = 8;
const ATTEMPT_MS = 20;

/** What becomes of an account's tokens; undefined: nothing. */
export type Change<T> = (tokens: FastTokens) => { readonly tokens: FastTokens; readonly outcome: T } | undefined;

interface Stored {
  readonly tokens: FastTokens;
  /** Of the record; 0: there is none. */
  readonly record: number;
}

/**
 * The tokens of accounts: a record each, which every process changes by compare-and-set. Whatever is judged is judged of the newest version:
 * of an older one, which a replica may show, the change conflicts. So a token that was ended anywhere is good nowhere.
 */
export class FastStore {
  readonly #records: Records;
  readonly #restore: (user: string) => Promise<FastTokens | undefined>;

  /** @param restore what is known of an account of which there is no record */
  constructor(records: Records, restore: (user: string) => Promise<FastTokens | undefined>) {
    this.#records = records;
    this.#restore = restore;
  }

  /** May be an older version for a moment. @throws RecordsUnavailableError, what `restore` throws */
  async get(user: string): Promise<FastTokens> {
    return (await this.#read(user)).tokens;
  }

  /** Undefined when `change` made none. @throws RecordsUnavailableError, what `restore` throws */
  async change<T>(
    user: string,
    change: Change<T>,
  ): Promise<{ readonly tokens: FastTokens; readonly outcome: T } | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      const before = await this.#read(user);
      const changed = change(before.tokens);
      if (changed === undefined) return undefined;
      // Behind every version that there may have been, also when all that was stored is lost.
      const tokens = { ...changed.tokens, user, version: Math.max(before.tokens.version + 1, Date.now()) };
      try {
        await this.#records.put(keyOf(user), encodeFastTokens(tokens), before.record);
        return { tokens, outcome: changed.outcome };
      } catch (error) {
        // Policy: somebody was faster: look, and judge again.
        if (!(error instanceof RecordConflictError)) throw error;
        if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS * attempt));
      }
    }
    throw new RecordsUnavailableError(`the tokens of an account were changed ${ATTEMPTS_MAX} times meanwhile`);
  }

  /** When this resolves, no token of the account is good. @throws RecordsUnavailableError */
  async end(user: string): Promise<void> {
    const stored = await this.#records.get(keyOf(user));
    // Without a record they are void by the keys: what the database may still have is of the password before.
    if (stored === undefined) return;
    await this.change(user, (tokens) => ({ tokens: { ...tokens, clients: [] }, outcome: undefined }));
  }

  async #read(user: string): Promise<Stored> {
    const stored = await this.#records.get(keyOf(user));
    if (stored !== undefined) {
      const tokens = decodeFastTokens(stored.value);
      // A hash stands for a name that is too long for a key.
      return { tokens: tokens.user === user ? tokens : noTokens(user), record: stored.revision };
    }
    return { tokens: (await this.#restore(user)) ?? noTokens(user), record: 0 };
  }
}

export const noTokens = (user: string): FastTokens => ({ user, version: 0, keys: new Uint8Array(0), clients: [] });

const keyOf = (user: string): string => subjects.fastTokens(user as BareJid); // prepared when its account was made
