import { COPY, type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** How many messages an owner has received behind a position; counting ends at `max`. */
export async function countWaiting(db: Queryable, owner: string, after: Position, max: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    `select count(*)::int as n from
      (select from archive where owner = $1 and position > $2 and copy <> $3 limit $4) as waiting`,
    [owner, packPosition(after), COPY.sent, max],
  );
  return row?.n ?? 0;
}

export async function markOverQuota(db: Queryable, owner: string, isOver: boolean): Promise<void> {
  await db.query('update archive_owner set over_quota = $2 where owner = $1', [owner, isOver]);
}

export async function selectOverQuota(db: Queryable): Promise<readonly string[]> {
  const rows = await db.query<{ owner: string }>('select owner from archive_owner where over_quota');
  return rows.map(({ owner }) => owner);
}
