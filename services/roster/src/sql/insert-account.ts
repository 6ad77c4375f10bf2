import { RpcError } from '@starling/bus';
import { KIND, type ScramKeys } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { accountsChanged } from './copies-due.ts';
import { selectFarewells } from './farewells.ts';
import { insertKeys } from './insert-keys.ts';
import { insertNotice } from './insert-notice.ts';

/**
 * A new account with its keys and its notice; false when the name is taken. In the caller's transaction.
 * @throws RpcError resource-constraint when the name is not free yet
 */
export async function insertAccount(tx: Queryable, user: string, keys: readonly ScramKeys[]): Promise<boolean> {
  const inserted = await tx.query(
    'insert into account (username) values ($1) on conflict do nothing returning username',
    [user],
  );
  if (inserted.length === 0) return false;
  if ((await selectFarewells(tx, user, 1)).length > 0)
    throw new RpcError('resource-constraint', 'the name is not free yet');
  await insertKeys(tx, user, keys);
  await insertNotice(tx, user, KIND.accountCreated);
  await accountsChanged(tx, [user]);
  return true;
}
