import type { KIND } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export type NoticeKind =
  | typeof KIND.accountCreated
  | typeof KIND.accountDeleted
  | typeof KIND.blocksChanged
  | typeof KIND.preferencesChanged;

/** What the account's log has to be told, in the transaction that makes it true. */
export async function insertNotice(
  tx: Queryable,
  user: string,
  kind: NoticeKind,
  { id, payload = new Uint8Array(0) }: { id?: bigint; payload?: Uint8Array } = {},
): Promise<void> {
  await tx.query(
    `insert into account_notice (id, username, kind, payload) overriding system value
      values (coalesce($1, nextval(pg_get_serial_sequence('account_notice', 'id'))), $2, $3, $4)`,
    [id ?? null, user, kind, payload],
  );
}

/** The id of the next notice: higher than those of all before it. */
export async function nextNoticeId(tx: Queryable): Promise<bigint> {
  const [row] = await tx.query<{ id: bigint }>("select nextval(pg_get_serial_sequence('account_notice', 'id')) as id");
  if (row === undefined) throw new Error('a select without a row');
  return row.id;
}
