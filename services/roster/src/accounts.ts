import { RpcError } from '@starling/bus';
import type { AccountCopy, KeysReply, ScramKeys } from '@starling/contracts';
import { type Db, DbUnavailableError } from '@starling/db';
import type { AccountCopies } from './account-copies.ts';
import { BatchedReads } from './batched-reads.ts';
import { areEqual, checkKeys, checkUser } from './check.ts';
import { decoyKeys } from './decoy.ts';
import type { Farewells } from './farewells.ts';
import type { FastAccounts } from './fast/fast-accounts.ts';
import type { Notices } from './notices.ts';
import type { RosterEdits } from './roster-edits.ts';
import { deleteAccount } from './sql/delete-account.ts';
import { insertAccount } from './sql/insert-account.ts';
import { replaceKeys } from './sql/replace-keys.ts';
import { accountExists, selectAccounts } from './sql/select-accounts.ts';
import { type StoredKeys, selectKeys } from './sql/select-keys.ts';

/** The accounts of all domains. Users are bare JIDs, prepared. */
export class Accounts {
  readonly #db: Db;
  readonly #notices: Notices;
  readonly #farewells: Farewells;
  readonly #edits: RosterEdits;
  readonly #copies: AccountCopies;
  readonly #fast: FastAccounts;
  readonly #decoySecret: () => Uint8Array | undefined;
  readonly #listMax: number;
  readonly #keys: BatchedReads<StoredKeys>;

  constructor(options: {
    db: Db;
    notices: Notices;
    farewells: Farewells;
    edits: RosterEdits;
    copies: AccountCopies;
    fast: FastAccounts;
    /** Undefined while the database, which has it, was never there. */
    decoySecret: () => Uint8Array | undefined;
    listMax: number;
  }) {
    this.#db = options.db;
    this.#notices = options.notices;
    this.#farewells = options.farewells;
    this.#edits = options.edits;
    this.#copies = options.copies;
    this.#fast = options.fast;
    this.#decoySecret = options.decoySecret;
    this.#listMax = options.listMax;
    this.#keys = new BatchedReads((users) => selectKeys(options.db, users));
  }

  /** @throws DbUnavailableError when the database is away, and no copy of the account is there */
  keys(user: string): Promise<KeysReply> {
    return this.#copies.orCopy(
      user,
      async () => {
        const stored = await this.#keys.read(user);
        if (stored === undefined) return this.#decoy(user);
        this.#copies.noticed(user, stored.revision);
        return { exists: true, keys: stored.keys };
      },
      (copy: AccountCopy | undefined) => (copy ? { exists: true, keys: copy.keys } : this.#decoy(user)),
    );
  }

  #decoy(user: string): KeysReply {
    const secret = this.#decoySecret();
    if (secret === undefined) throw new DbUnavailableError('the secret of the decoys is not known yet');
    return { exists: false, keys: decoyKeys(secret, user) };
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
    if (!isNew && !areEqual((await this.#keys.read(user))?.keys ?? [], keys)) throw new RpcError('conflict');
    await this.#copies.changedAndTold(user, () => this.#notices.publish(user));
  }

  /** Ends all tokens as well (XEP-0484). @throws RpcError item-not-found; bad-request */
  async setKeys(user: string, keys: readonly ScramKeys[]): Promise<void> {
    checkKeys(keys);
    if (!(await this.#db.transaction((tx) => replaceKeys(tx, user, keys)))) throw new RpcError('item-not-found');
    await Promise.all([this.#copies.changed([user]), this.#fast.end(user)]);
  }

  /** The account goes with its roster at once; its contacts hear of it one after another. @throws RpcError item-not-found */
  async remove(user: string): Promise<void> {
    const deleted = await this.#db.transaction((tx) => deleteAccount(tx, user));
    if (deleted === undefined) throw new RpcError('item-not-found');
    this.#edits.accountRemoved(user, deleted.version);
    this.#farewells.begin(user);
    await Promise.all([
      this.#copies.removedAndTold(user, deleted.revision, () => this.#notices.publish(user)),
      this.#fast.end(user),
    ]);
  }

  exists(user: string): Promise<boolean> {
    return this.#copies.orCopy(
      user,
      () => accountExists(this.#db, user),
      (copy) => copy !== undefined,
    );
  }

  async list(domain: string, after: string, limit: number): Promise<{ users: readonly string[]; complete: boolean }> {
    const most = Math.min(limit === 0 ? this.#listMax : limit, this.#listMax);
    const users = await selectAccounts(this.#db, domain, after, most + 1);
    return { users: users.slice(0, most), complete: users.length <= most };
  }
}
