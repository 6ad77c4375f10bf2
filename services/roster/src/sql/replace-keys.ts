import type { ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { accountsChanged } from './copies-due.ts';
import { deleteFastTokens } from './fast-tokens.ts';
import { insertKeys } from './insert-keys.ts';

/** New keys for an account; false when there is none. In the caller's transaction: the row lock puts two changes in order. */
export async function replaceKeys(tx: Queryable, user: string, keys: readonly ScramKeys[]): Promise<boolean> {
  const locked = await tx.query('select username from account where username = $1 for update', [user]);
  if (locked.length === 0) return false;
  await tx.query('delete from account_key where username = $1', [user]);
  await insertKeys(tx, user, keys);
  await deleteFastTokens(tx, user);
  await accountsChanged(tx, [user]);
  return true;
}
