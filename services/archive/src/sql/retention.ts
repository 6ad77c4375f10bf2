import { FATE } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** The longest time that an account of its own keeps messages; undefined: none has a time of its own. 0: for ever. */
export async function selectLongestRetention(db: Queryable): Promise<number | undefined> {
  const [row] = await db.query<{ longest: bigint | null; forever: boolean | null }>(
    `select max(retention_ms) as longest, bool_or(retention_ms = 0) as forever from archive_owner
      where retention_ms is not null`,
  );
  return row?.forever === true ? 0 : row?.longest == null ? undefined : Number(row.longest);
}

/** Null: as all others. @returns whether there is such an account */
export async function writeRetention(db: Queryable, owner: string, retentionMs: number | null): Promise<boolean> {
  const rows = await db.query('update archive_owner set retention_ms = $2 where owner = $1 returning owner', [
    owner,
    retentionMs,
  ]);
  return rows.length > 0;
}

// The times that the rows are between are known before the tables are looked into: then only those that may have some are, however the
// two are joined.
const ERASE = `delete from archive a using due d
  where a.owner = d.owner and a.position = d.position and a.committed_at_ms = d.committed_at_ms
    and a.committed_at_ms between (select min(committed_at_ms) from due) and (select max(committed_at_ms) from due)
  returning 1`;

/** Rows of accounts with a time of their own that is over, at most so many. @returns how many there were */
export function eraseOwn(db: Queryable, nowMs: number, rowsMax: number): Promise<number> {
  return erase(
    db,
    `select r.owner, r.position, r.committed_at_ms from archive_owner o cross join lateral (
      select owner, position, committed_at_ms from archive a
        where a.owner = o.owner and a.committed_at_ms < $1::bigint - o.retention_ms limit $2) as r
      where o.retention_ms > 0 limit $2`,
    [nowMs, rowsMax],
  );
}

/** Rows of accounts without a time of their own that are older than this. */
export function eraseOlder(db: Queryable, beforeMs: number, rowsMax: number): Promise<number> {
  return erase(
    db,
    `select a.owner, a.position, a.committed_at_ms from archive a left join archive_owner o using (owner)
      where a.committed_at_ms < $1 and o.retention_ms is null limit $2`,
    [beforeMs, rowsMax],
  );
}

/** Rows of fate passing: older than `keptMs` and covered, or older than `waitedMs`. */
export function erasePassing(db: Queryable, keptMs: number, waitedMs: number, rowsMax: number): Promise<number> {
  return erase(
    db,
    `select a.owner, a.position, a.committed_at_ms from archive a left join archive_offline o using (owner)
      where a.fate = ${FATE.passing} and a.committed_at_ms < $1
        and (a.committed_at_ms < $2 or a.position <= o.position) limit $3`,
    [keptMs, waitedMs, rowsMax],
  );
}

/** Ends of accounts from before this. */
export async function eraseEnds(db: Queryable, beforeMs: number, rowsMax: number): Promise<number> {
  const rows = await db.query(
    `delete from archive_end where (owner, position) in
      (select owner, position from archive_end where committed_at_ms < $1 limit $2) returning 1`,
    [beforeMs, rowsMax],
  );
  return rows.length;
}

async function erase(db: Queryable, due: string, params: readonly unknown[]): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `with due as (${due}), erased as (${ERASE}) select count(*)::int as n from erased`,
    params,
  );
  return row?.n ?? 0;
}
