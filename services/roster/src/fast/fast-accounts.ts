import { createHash, randomBytes } from 'node:crypto';
import { type Records, RpcError } from '@starling/bus';
import { ACCOUNT_STATE, type FastToken, type FastTokens, type FastUse, type ScramKeys } from '@starling/contracts';
import type { Db } from '@starling/db';
import { isHt } from '@starling/features/xep-0484-fast/mechanisms';
import { type FastBounds, issueToken, tokensOf, useToken } from '@starling/features/xep-0484-fast/token-slots';
import type { AccountCopies } from '../account-copies.ts';
import { selectFastTokens } from '../sql/fast-tokens.ts';
import { selectKeys } from '../sql/select-keys.ts';
import type { FastBacklog } from './fast-backlog.ts';
import { FastStore, noTokens } from './fast-store.ts';

export interface FastAccountsOptions extends FastBounds {
  readonly db: Db;
  readonly records: Records;
  readonly copies: AccountCopies;
  readonly backlog: FastBacklog;
  readonly lifetimeMs: number;
}

/** Random, unlikely to come twice: of this, and a secret that only edges have, a token is made. */
const ID_BYTES = 16;
const CLIENT_BYTES_MAX = 32;
const FINGERPRINT_BYTES = 16;

/**
 * The tokens by which an account's clients log in again (XEP-0484). They are good for the password of which they were issued: that is read
 * from the account's copy, so that a login costs no SQL, and a new password or a removal ends them all, whatever else fails.
 */
export class FastAccounts {
  readonly #options: FastAccountsOptions;
  readonly #store: FastStore;

  constructor(options: FastAccountsOptions) {
    this.#options = options;
    this.#store = new FastStore(options.records, (user) => selectFastTokens(options.db, user));
  }

  /** The tokens that a client may have, the newest first; none of an account that does not exist. */
  async list(user: string, client: Uint8Array): Promise<readonly FastToken[]> {
    const [keys, tokens] = await Promise.all([this.#fingerprintOf(user), this.#store.get(user)]);
    return keys === undefined ? [] : tokensOf(validOf(tokens, keys), client);
  }

  /** @throws RpcError not-authorized: it is not good any more */
  async use(use: FastUse): Promise<FastToken | undefined> {
    const keys = await this.#fingerprintOf(use.user);
    if (keys === undefined) throw new RpcError('not-authorized');
    const now = Date.now();
    const done = await this.#store.change(use.user, (tokens) => {
      const used = useToken(validOf(tokens, keys), use, this.#options, now);
      if (used === undefined) return undefined;
      const issued = isHt(used.wanted) ? this.#newToken(used.wanted, now) : undefined;
      return {
        tokens: issued === undefined ? used.tokens : issueToken(used.tokens, use.client, issued, this.#options),
        outcome: { issued, isChanged: used.changed || issued !== undefined },
      };
    });
    if (done === undefined) throw new RpcError('not-authorized');
    // A count alone is not worth a statement: the record has it.
    if (done.outcome.isChanged) this.#options.backlog.add(done.tokens);
    return done.outcome.issued;
  }

  /** @throws RpcError item-not-found, bad-request */
  async issue(user: string, client: Uint8Array, mechanism: string): Promise<FastToken> {
    if (!isHt(mechanism) || client.length === 0 || client.length > CLIENT_BYTES_MAX) throw new RpcError('bad-request');
    const keys = await this.#fingerprintOf(user);
    if (keys === undefined) throw new RpcError('item-not-found');
    const issued = this.#newToken(mechanism, Date.now());
    const done = await this.#store.change(user, (tokens) => ({
      tokens: issueToken(validOf(tokens, keys), client, issued, this.#options),
      outcome: undefined,
    }));
    if (done !== undefined) this.#options.backlog.add(done.tokens);
    return issued;
  }

  /** Behind the commit of a new password or a removal: when this resolves, no token is good. @throws RecordsUnavailableError */
  async end(user: string): Promise<void> {
    this.#options.backlog.forget(user);
    await this.#store.end(user);
  }

  #newToken(mechanism: string, nowMs: number): FastToken {
    const expiresAtMs = nowMs + this.#options.lifetimeMs;
    return { id: randomBytes(ID_BYTES), mechanism, issuedAtMs: nowMs, expiresAtMs, count: 0 };
  }

  /** Of the keys of the account's password; undefined when there is no such account. */
  async #fingerprintOf(user: string): Promise<Uint8Array | undefined> {
    const copy = await this.#options.copies.getNow(user);
    if (copy?.state === ACCOUNT_STATE.removed) return undefined;
    if (copy?.state === ACCOUNT_STATE.exists) return fingerprintOf(copy.keys);
    const stored = (await selectKeys(this.#options.db, [user])).get(user);
    if (stored === undefined) return undefined;
    this.#options.copies.noticed(user, stored.revision);
    return fingerprintOf(stored.keys);
  }
}

/** Tokens of another password are none. */
const validOf = (tokens: FastTokens, keys: Uint8Array): FastTokens =>
  Buffer.compare(tokens.keys, keys) === 0 ? tokens : { ...noTokens(tokens.user), version: tokens.version, keys };

/** Salts are random: no two passwords, not even the same one set twice, have the same. */
function fingerprintOf(keys: readonly ScramKeys[]): Uint8Array {
  const hash = createHash('sha256');
  for (const { mechanism, salt, storedKey } of [...keys].sort((a, b) => (a.mechanism < b.mechanism ? -1 : 1)))
    hash.update(mechanism).update('\0').update(salt).update('\0').update(storedKey).update('\0');
  return hash.digest().subarray(0, FINGERPRINT_BYTES);
}
