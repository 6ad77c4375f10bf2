import type { Queryable } from '@starling/db';
import { askersOf } from '../askers.ts';

/** Whether a user has blocked another one, by his bare JID or his domain (XEP-0191 §5). */
export async function hasBlocked(db: Queryable, user: string, other: string): Promise<boolean> {
  const rows = await db.query('select 1 from block_list where username = $1 and jids && $2::text[]', [
    user,
    askersOf(user, other),
  ]);
  return rows.length > 0;
}
