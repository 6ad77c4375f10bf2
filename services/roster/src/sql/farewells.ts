import type { Queryable } from '@starling/db';

/** A removed account whose contacts have to be told: in the transaction that removes it. */
export async function insertFarewell(tx: Queryable, user: string): Promise<void> {
  await tx.query('insert into roster_farewell (username) values ($1) on conflict do nothing', [user]);
}

/** Users whose farewells are not over; of one user, or of `limit` of all. */
export async function selectFarewells(
  db: Queryable,
  user: string | undefined,
  limit: number,
): Promise<readonly string[]> {
  const rows = await db.query<{ username: string }>(
    'select username from roster_farewell where $1::text is null or username = $1 order by username limit $2',
    [user ?? null, limit],
  );
  return rows.map((r) => r.username);
}

/** Accounts on whose side something is left of a contact that is gone. */
export async function selectBereaved(db: Queryable, gone: string, limit: number): Promise<readonly string[]> {
  const rows = await db.query<{ username: string }>(
    `select username from roster_item where jid = $1 and not removed and (subscription <> 0 or ask or approved)
     union select username from roster_request where contact = $1
     limit $2`,
    [gone, limit],
  );
  return rows.map((r) => r.username);
}

/** The name is free. */
export async function deleteFarewell(db: Queryable, user: string): Promise<boolean> {
  const rows = await db.query('delete from roster_farewell where username = $1 returning username', [user]);
  return rows.length > 0;
}
