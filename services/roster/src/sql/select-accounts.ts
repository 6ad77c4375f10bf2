import type { Queryable } from '@starling/db';

export async function accountExists(db: Queryable, user: string): Promise<boolean> {
  const rows = await db.query('select 1 from account where username = $1', [user]);
  return rows.length > 0;
}

/** Accounts of a domain in order of the bare JID, behind `after`. */
export async function selectAccounts(
  db: Queryable,
  domain: string,
  after: string,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db.query<{ username: string }>(
    `select username from account
      where username collate "C" > $2 and split_part(username, '@', 2) = $1
      order by username collate "C" limit $3`,
    [domain, after, limit],
  );
  return rows.map((r) => r.username);
}
