import type { Queryable } from '@starling/db';

/** Subscription requests that wait for a user's answer, the oldest first. */
export async function selectRequests(db: Queryable, user: string): Promise<readonly Uint8Array[]> {
  const rows = await db.query<{ stanza: Uint8Array }>(
    'select stanza from roster_request where username = $1 order by id',
    [user],
  );
  return rows.map((r) => r.stanza);
}

/** How many there are, and their bytes. */
export async function measureRequests(tx: Queryable, user: string): Promise<{ count: number; bytes: number }> {
  const [row] = await tx.query<{ count: bigint; bytes: bigint }>(
    'select count(*) as count, coalesce(sum(length(stanza)), 0)::bigint as bytes from roster_request where username = $1',
    [user],
  );
  return { count: Number(row?.count ?? 0), bytes: Number(row?.bytes ?? 0) };
}

/** RFC 6121 §3.1.3: of several requests of one contact the first is kept. */
export async function insertRequest(tx: Queryable, user: string, contact: string, stanza: Uint8Array): Promise<void> {
  await tx.query(
    'insert into roster_request (username, contact, stanza) values ($1, $2, $3) on conflict (username, contact) do nothing',
    [user, contact, stanza],
  );
}

export async function deleteRequest(tx: Queryable, user: string, contact: string): Promise<void> {
  await tx.query('delete from roster_request where username = $1 and contact = $2', [user, contact]);
}
