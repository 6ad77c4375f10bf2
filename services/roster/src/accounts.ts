import { RpcError } from '@starling/bus';
import type { KeysReply, ScramKeys } from '@starling/contracts';
import type { Db } from '@starling/db';
import { areEqual, checkKeys, checkUser } from './check.ts';
import { decoyKeys } from './decoy.ts';
import type { Farewells } from './farewells.ts';
import type { Notices } from './notices.ts';
import type { RosterEdits } from './roster-edits.ts';
import { deleteAccount } from './sql/delete-account.ts';
import { insertAccount } from './sql/insert-account.ts';
import { replaceKeys } from './sql/replace-keys.ts';
import { accountExists, selectAccounts } from './sql/select-accounts.ts';
import { selectKeys } from './sql/select-keys.ts';

/** The accounts of all domains. Users are bare JIDs, prepared. */
export class Accounts {
  readonly #db: Db;
  readonly #notices: Notices;
  readonly #farewells: Farewells;
  readonly #edits: RosterEdits;
  readonly #decoySecret: Uint8Array;
  readonly #listMax: number;

  constructor(options: {
    db: Db;
    notices: Notices;
    farewells: Farewells;
    edits: RosterEdits;
    decoySecret: Uint8Array;
    listMax: number;
  }) {
    this.#db = options.db;
    this.#notices = options.notices;
    this.#farewells = options.farewells;
    this.#edits = options.edits;
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
   * A name whose last owner's contacts do not all know yet that he is gone is not free before they do.
   * @throws RpcError conflict; jid-malformed, bad-request; resource-constraint
   */
  async create(user: string, keys: readonly ScramKeys[]): Promise<void> {
    checkUser(user);
    checkKeys(keys);
    await this.#farewells.finish(user);
    const isNew = await this.#db.transaction((tx) => insertAccount(tx, user, keys));
    if (!isNew && !areEqual(await selectKeys(this.#db, user), keys)) throw new RpcError('conflict');
    await this.#notices.publish(user);
  }

  /** @throws RpcError item-not-found; bad-request */
  async setKeys(user: string, keys: readonly ScramKeys[]): Promise<void> {
    checkKeys(keys);
    if (!(await this.#db.transaction((tx) => replaceKeys(tx, user, keys)))) throw new RpcError('item-not-found');
  }

  /** The account goes with its roster at once; its contacts hear of it one after another. @throws RpcError item-not-found */
  async remove(user: string): Promise<void> {
    const version = await this.#db.transaction((tx) => deleteAccount(tx, user));
    if (version === undefined) throw new RpcError('item-not-found');
    this.#edits.accountRemoved(user, version);
    this.#farewells.begin(user);
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
