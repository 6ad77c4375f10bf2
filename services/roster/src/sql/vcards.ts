import type { Queryable } from '@starling/db';

/** The vCard of an account, save when it has blocked one of these addresses; undefined when there is none. */
export async function selectVcard(
  db: Queryable,
  user: string,
  askers: readonly string[],
): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ xml: Uint8Array }>(
    `select xml from vcard where username = $1
      and not exists (select from block_list b where b.username = $1 and b.jids && $2::text[])`,
    [user, askers],
  );
  return row?.xml;
}

/** False when there is no such account. */
export async function upsertVcard(db: Queryable, user: string, xml: Uint8Array): Promise<boolean> {
  const rows = await db.query(
    `insert into vcard (username, xml) select username, $2 from account where username = $1
      on conflict (username) do update set xml = excluded.xml returning 1`,
    [user, xml],
  );
  return rows.length > 0;
}
