import { KIND, type RosterVersion } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { accountRemoved } from './copies-due.ts';
import { insertFarewell } from './farewells.ts';
import { insertNotice } from './insert-notice.ts';

export interface DeletedAccount {
  /** That its roster would have next. */
  readonly version: RosterVersion;
  readonly revision: number;
}

/**
 * Removes an account with all that is its own, and leaves its notice and its farewell; undefined when there is no such account. In the
 * caller's transaction.
 */
export async function deleteAccount(tx: Queryable, user: string): Promise<DeletedAccount | undefined> {
  const [deleted] = await tx.query<{ lineage: string; number: bigint }>(
    'delete from account where username = $1 returning lineage, roster_version + 1 as number',
    [user],
  );
  if (deleted === undefined) return undefined;
  await insertNotice(tx, user, KIND.accountDeleted);
  await insertFarewell(tx, user);
  const version = { lineage: deleted.lineage, number: Number(deleted.number) };
  return { version, revision: await accountRemoved(tx, user) };
}
