import type { Queryable } from '@starling/db';

// Each by its own index: an owner's by the primary key, everybody's by the time.
const erase = (which: string): string => `delete from archive where (owner, position, committed_at_ms) in (
   select owner, position, committed_at_ms from archive where committed_at_ms < $1 ${which} limit $2)
  returning 1`;
const OF_ALL = erase('');
const OF_OWNER = erase('and owner = $3');

/** Erases messages that are older than `beforeMs`, of one owner or of all (''), at most `limit` of them. @returns how many */
export async function eraseOlder(db: Queryable, owner: string, beforeMs: number, limit: number): Promise<number> {
  const rows = await (owner === ''
    ? db.query(OF_ALL, [beforeMs, limit])
    : db.query(OF_OWNER, [beforeMs, limit, owner]));
  return rows.length;
}
