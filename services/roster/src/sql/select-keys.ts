import type { ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface StoredKeys {
  readonly keys: readonly ScramKeys[];
  /** Of the account. */
  readonly revision: number;
}

interface KeyRow extends Record<string, unknown> {
  readonly username: string;
  readonly revision: bigint;
  readonly mechanism: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly stored_key: Uint8Array;
  readonly server_key: Uint8Array;
}

/** The keys of accounts; who has none is left out. */
export async function selectKeys(db: Queryable, users: readonly string[]): Promise<Map<string, StoredKeys>> {
  const rows = await db.query<KeyRow>(
    `select username, a.revision, k.mechanism, k.salt, k.iterations, k.stored_key, k.server_key
       from account_key k join account a using (username) where username = any ($1) order by username, mechanism`,
    [users],
  );
  const found = new Map<string, StoredKeys & { readonly keys: ScramKeys[] }>();
  for (const { username, revision, mechanism, salt, iterations, stored_key, server_key } of rows) {
    let stored = found.get(username);
    if (stored === undefined) {
      stored = { keys: [], revision: Number(revision) };
      found.set(username, stored);
    }
    stored.keys.push({ mechanism, salt, iterations, storedKey: stored_key, serverKey: server_key });
  }
  return found;
}
