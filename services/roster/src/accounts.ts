import { RpcError } from '@starling/bus';
import type { KeysReply, ScramKeys } from '@starling/contracts';
import type { Db } from '@starling/db';
import { areEqual, checkKeys, checkUser } from './check.ts';
import { decoyKeys } from './decoy.ts';
import type { Notices } from './notices.ts';
import { deleteAccount } from './sql/delete-account.ts';
import { insertAccount } from './sql/insert-account.ts';
import { replaceKeys } from './sql/replace-keys.ts';
import { accountExists, selectAccounts } from './sql/select-accounts.ts';
import { selectKeys } from './sql/select-keys.ts';

/** The accounts of all domains. Users are bare JIDs, prepared. */
export class Accounts {
  readonly #db: Db;
  readonly #notices: Notices;
  readonly #decoySecret: Uint8Array;
  readonly #listMax: number;

  constructor(options: { db: Db; notices: Notices; decoySecret: Uint8Array; listMax: number }) {
    this.#db = options.db;
    this.#notices = options.notices;
    this.#decoySecret = options.decoySecret;
    this.#listMax = options.listMax;
  }

  async keys(user: string): Promise<KeysReply> {
    const keys = await selectKeys(this.#db, user);
    return keys.length > 0 ? { exists: true, keys } : { exists: false, keys: decoyKeys(this.#decoySecret, user) };
  }

  /**
   * The row and its notice are committed together, then the notice is appended to the log: never within the transaction, since an
   * append of the embedded mode waits for the archive on the same connection. A crash in between is finished by the next sweep; a
   * repetition of the same request (the same salts: nobody else's) succeeds and finishes it too.
   * @throws RpcError conflict; jid-malformed, bad-request
   */
  async create(user: string, keys: readonly ScramKeys[]): Promise<void> {
    checkUser(user);
    checkKeys(keys);
    const isNew = await this.#db.transaction((tx) => insertAccount(tx, user, keys));
    if (!isNew && !areEqual(await selectKeys(this.#db, user), keys)) throw new RpcError('conflict');
    await this.#notices.publish(user);
  }

  /** @throws RpcError item-not-found; bad-request */
  async setKeys(user: string, keys: readonly ScramKeys[]): Promise<void> {
    checkKeys(keys);
    if (!(await this.#db.transaction((tx) => replaceKeys(tx, user, keys)))) throw new RpcError('item-not-found');
  }

  /** @throws RpcError item-not-found */
  async remove(user: string): Promise<void> {
    if (!(await this.#db.transaction((tx) => deleteAccount(tx, user)))) throw new RpcError('item-not-found');
    await this.#notices.publish(user);
  }

  exists(user: string): Promise<boolean> {
    return accountExists(this.#db, user);
  }

  async list(domain: string, after: string, limit: number): Promise<{ users: readonly string[]; complete: boolean }> {
    const most = Math.min(limit === 0 ? this.#listMax : limit, this.#listMax);
    const users = await selectAccounts(this.#db, domain, after, most + 1);
    return { users: users.slice(0, most), complete: users.length <= most };
  }
}
