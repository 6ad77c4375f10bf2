import { decodeFastTokens, encodeFastTokens, type FastTokens } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export async function selectFastTokens(db: Queryable, user: string): Promise<FastTokens | undefined> {
  const [row] = await db.query<{ tokens: Uint8Array }>('select tokens from fast_token where username = $1', [user]);
  return row && decodeFastTokens(row.tokens);
}

/** Of accounts that exist; older ones than are known change nothing. One row a user. */
export async function upsertFastTokens(db: Queryable, all: readonly FastTokens[]): Promise<void> {
  // In order of the names, so that two batches that meet wait instead of locking one another out.
  await db.query(
    `insert into fast_token (username, version, tokens)
      select username, version, tokens from unnest($1::text[], $2::bigint[], $3::bytea[]) as u (username, version, tokens)
        join account using (username) order by username
      on conflict (username) do update set version = excluded.version, tokens = excluded.tokens
        where fast_token.version < excluded.version`,
    [all.map((t) => t.user), all.map((t) => t.version), all.map(encodeFastTokens)],
  );
}

/** In the transaction that changes the password. */
export async function deleteFastTokens(tx: Queryable, user: string): Promise<void> {
  await tx.query('delete from fast_token where username = $1', [user]);
}
