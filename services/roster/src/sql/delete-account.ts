import { KIND } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { insertNotice } from './insert-notice.ts';

/** Removes an account and leaves its notice; false when there is none. In the caller's transaction. */
export async function deleteAccount(tx: Queryable, user: string): Promise<boolean> {
  const deleted = await tx.query('delete from account where username = $1 returning username', [user]);
  if (deleted.length === 0) return false;
  await insertNotice(tx, user, KIND.accountDeleted);
  return true;
}
