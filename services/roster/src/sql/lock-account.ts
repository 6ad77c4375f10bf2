import type { Queryable } from '@starling/db';

/** Keeps an account as it is until the end of the caller's transaction; false when there is none. */
export async function lockAccount(tx: Queryable, user: string): Promise<boolean> {
  const rows = await tx.query('select 1 from account where username = $1 for update', [user]);
  return rows.length > 0;
}
