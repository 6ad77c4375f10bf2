import type { ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';

interface KeyRow extends Record<string, unknown> {
  readonly mechanism: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly stored_key: Uint8Array;
  readonly server_key: Uint8Array;
}

/** The keys of an account; empty when there is no such account. */
export async function selectKeys(db: Queryable, user: string): Promise<readonly ScramKeys[]> {
  const rows = await db.query<KeyRow>(
    'select mechanism, salt, iterations, stored_key, server_key from account_key where username = $1 order by mechanism',
    [user],
  );
  return rows.map((r) => ({
    mechanism: r.mechanism,
    salt: r.salt,
    iterations: r.iterations,
    storedKey: r.stored_key,
    serverKey: r.server_key,
  }));
}
