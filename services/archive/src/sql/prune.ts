import type { Queryable } from '@starling/db';

/** Erases messages that are older than `beforeMs`, of one owner or of all ('' ), at most `limit` of them. @returns how many */
export async function eraseOlder(db: Queryable, owner: string, beforeMs: number, limit: number): Promise<number> {
  const rows = await db.query(
    `delete from archive where (owner, position, committed_at_ms) in (
       select owner, position, committed_at_ms from archive
        where committed_at_ms < $1 and ($2 = '' or owner = $2) limit $3)
      returning 1`,
    [beforeMs, owner, limit],
  );
  return rows.length;
}
