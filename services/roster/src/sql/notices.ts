import type { Queryable } from '@starling/db';
import type { NoticeKind } from './insert-notice.ts';

export interface Notice {
  readonly id: bigint;
  readonly username: string;
  readonly kind: NoticeKind;
  /** What the entry carries. */
  readonly payload: Uint8Array;
}

/** Notices that no log has yet, in order; of one user, or of the oldest `limit` of all. */
export async function selectNotices(
  db: Queryable,
  user: string | undefined,
  limit: number,
): Promise<readonly Notice[]> {
  return user === undefined
    ? db.query<Notice & Record<string, unknown>>(
        'select id, username, kind, payload from account_notice order by id limit $1',
        [limit],
      )
    : db.query<Notice & Record<string, unknown>>(
        'select id, username, kind, payload from account_notice where username = $1 order by id limit $2',
        [user, limit],
      );
}

export async function deleteNotice(db: Queryable, id: bigint): Promise<void> {
  await db.query('delete from account_notice where id = $1', [id]);
}
