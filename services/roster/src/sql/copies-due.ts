import type { Queryable } from '@starling/db';

export interface CopyDue {
  readonly username: string;
  readonly revision: number;
  /** The account is no more. */
  readonly removed: boolean;
}

/**
 * These accounts are others now: in the transaction that changes them, when it holds their rows, so that revisions rise in the order of the
 * commits.
 */
export async function accountsChanged(tx: Queryable, users: readonly string[]): Promise<void> {
  await tx.query(
    `with changed as (
       update account set revision = nextval('account_revision') where username = any($1::text[]) returning username, revision)
     insert into account_copy_due (username, revision, removed)
       select username, revision, false from changed order by username collate "C"
       on conflict (username) do update set revision = excluded.revision, removed = false`,
    [users],
  );
}

/** The account is gone: in the transaction that removes it. @returns the revision of that */
export async function accountRemoved(tx: Queryable, user: string): Promise<number> {
  const [row] = await tx.query<{ revision: bigint }>(
    `insert into account_copy_due (username, revision, removed) values ($1, nextval('account_revision'), true)
       on conflict (username) do update set revision = excluded.revision, removed = true returning revision`,
    [user],
  );
  if (row === undefined) throw new Error('an insert without a row');
  return Number(row.revision);
}

/** Accounts whose copies may be older than they are. */
export async function selectCopiesDue(db: Queryable, limit: number): Promise<readonly CopyDue[]> {
  const rows = await db.query<{ username: string; revision: bigint; removed: boolean }>(
    'select username, revision, removed from account_copy_due limit $1',
    [limit],
  );
  return rows.map((row) => ({ ...row, revision: Number(row.revision) }));
}

/** The copy has the account as it was at this revision. */
export async function deleteCopyDue(db: Queryable, user: string, revision: number): Promise<void> {
  await db.query('delete from account_copy_due where username = $1 and revision <= $2', [user, revision]);
}
