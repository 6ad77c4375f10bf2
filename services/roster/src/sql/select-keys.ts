import type { ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface StoredKeys {
  readonly keys: readonly ScramKeys[];
  /** Of the account. */
  readonly revision: number;
}

interface KeyRow extends Record<string, unknown> {
  readonly revision: bigint;
  readonly mechanism: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly stored_key: Uint8Array;
  readonly server_key: Uint8Array;
}

/** The keys of an account; undefined when there is no such account. */
export async function selectKeys(db: Queryable, user: string): Promise<StoredKeys | undefined> {
  const rows = await db.query<KeyRow>(
    `select a.revision, k.mechanism, k.salt, k.iterations, k.stored_key, k.server_key
       from account_key k join account a using (username) where username = $1 order by mechanism`,
    [user],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  const keys = rows.map((r) => ({
    mechanism: r.mechanism,
    salt: r.salt,
    iterations: r.iterations,
    storedKey: r.stored_key,
    serverKey: r.server_key,
  }));
  return { keys, revision: Number(first.revision) };
}
