import type { PrivateXml } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** One element; undefined when nothing is stored under its name. */
export async function selectPrivateXml(
  db: Queryable,
  user: string,
  ns: string,
  name: string,
): Promise<Uint8Array | undefined> {
  const [row] = await db.query<{ xml: Uint8Array }>(
    'select xml from private_xml where username = $1 and ns = $2 and name = $3',
    [user, ns, name],
  );
  return row?.xml;
}

/** All of an account's, in the order of their names. */
export async function selectAllPrivateXml(db: Queryable, user: string): Promise<readonly PrivateXml[]> {
  return db.query<PrivateXml & Record<string, unknown>>(
    `select ns, name, xml from private_xml where username = $1 order by ns collate "C", name collate "C"`,
    [user],
  );
}

/** Elements in place of those of their names. In the caller's transaction. */
export async function upsertPrivateXml(tx: Queryable, user: string, elements: readonly PrivateXml[]): Promise<void> {
  await tx.query(
    `insert into private_xml (username, ns, name, xml)
      select $1, * from unnest($2::text[], $3::text[], $4::bytea[])
      on conflict (username, ns, name) do update set xml = excluded.xml`,
    [user, elements.map((e) => e.ns), elements.map((e) => e.name), elements.map((e) => e.xml)],
  );
}

/** How much an account keeps. */
export async function measurePrivateXml(tx: Queryable, user: string): Promise<{ count: number; bytes: number }> {
  const [row] = await tx.query<{ count: number; bytes: number }>(
    'select count(*)::int as count, coalesce(sum(length(xml)), 0)::int as bytes from private_xml where username = $1',
    [user],
  );
  return { count: row?.count ?? 0, bytes: row?.bytes ?? 0 };
}
