import type { KIND } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export type NoticeKind = typeof KIND.accountCreated | typeof KIND.accountDeleted;

/** What the account's log has to be told, in the transaction that makes it true. */
export async function insertNotice(tx: Queryable, user: string, kind: NoticeKind): Promise<void> {
  await tx.query('insert into account_notice (username, kind) values ($1, $2)', [user, kind]);
}
