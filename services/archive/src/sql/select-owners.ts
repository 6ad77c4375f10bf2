import type { Queryable } from '@starling/db';

/** Which of these accounts exist, as far as the logs have been written. */
export async function selectOwners(db: Queryable, owners: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ owner: string }>('select owner from archive_owner where owner = any($1::text[])', [
    owners,
  ]);
  return new Set(rows.map((r) => r.owner));
}
