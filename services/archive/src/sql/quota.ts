import { COPY, comparePositions, FATE, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { Coverage } from '../offline/coverage.ts';

/** How many messages an owner has received behind what is covered, without what was read from there on; counting ends at `max`. */
export async function countWaiting(
  db: Queryable,
  owner: string,
  { position, read: [first] }: Pick<Coverage, 'position' | 'read'>,
  max: number,
): Promise<number> {
  const readUpTo = first !== undefined && comparePositions(first.after, position) <= 0 ? first.upTo : position;
  const [row] = await db.query<{ n: number }>(
    `select count(*)::int as n from (
       (select from archive where owner = $1 and position > $2 and position <= $3 and fate = ${FATE.passing} and copy <> $4 limit $5)
       union all (select from archive where owner = $1 and position > $3 and copy <> $4 limit $5)
     ) as waiting`,
    [owner, packPosition(position), packPosition(readUpTo), COPY.sent, max],
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
