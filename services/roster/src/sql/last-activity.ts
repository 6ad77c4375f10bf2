import type { LastActivity } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** When an account was last seen; of one that never was, when it was created; undefined when there is no account. */
export async function selectLastActivity(
  db: Queryable,
  user: string,
): Promise<{ readonly atMs: number; readonly status: string } | undefined> {
  const [row] = await db.query<{ at_ms: bigint; status: string }>(
    `select coalesce(l.at_ms, (extract(epoch from a.created_at) * 1000)::bigint) as at_ms, coalesce(l.status, '') as status
      from account a left join last_activity l using (username) where a.username = $1`,
    [user],
  );
  return row && { atMs: Number(row.at_ms), status: row.status };
}

/** Of accounts that exist; an older one than is known changes nothing. One row a user. */
export async function upsertLastActivities(db: Queryable, users: readonly LastActivity[]): Promise<void> {
  // In order of the names, so that two batches that meet wait instead of locking one another out.
  await db.query(
    `insert into last_activity (username, at_ms, status)
      select username, at_ms, status from unnest($1::text[], $2::bigint[], $3::text[]) as u (username, at_ms, status)
        join account using (username) order by username
      on conflict (username) do update set at_ms = excluded.at_ms, status = excluded.status
        where last_activity.at_ms < excluded.at_ms`,
    [users.map((u) => u.user), users.map((u) => u.atMs), users.map((u) => u.status)],
  );
}
