import type { ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Keys of an account that exists and has none. */
export async function insertKeys(tx: Queryable, user: string, keys: readonly ScramKeys[]): Promise<void> {
  await tx.query(
    `insert into account_key (username, mechanism, salt, iterations, stored_key, server_key)
     select $1, * from unnest($2::text[], $3::bytea[], $4::int[], $5::bytea[], $6::bytea[])`,
    [
      user,
      keys.map((k) => k.mechanism),
      keys.map((k) => k.salt),
      keys.map((k) => k.iterations),
      keys.map((k) => k.storedKey),
      keys.map((k) => k.serverKey),
    ],
  );
}
