import { packPosition, type UserPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** What is before it was never in a log, but imported. */
const FIRST_OF_LOG = packPosition({ epoch: 1, sequence: 0 });

/** Where these owners' rows end, or their accounts did; who has neither is left out. */
export async function selectLast(db: Queryable, owners: readonly string[]): Promise<readonly UserPosition[]> {
  const rows = await db.query<{ owner: string; position: bigint }>(
    `select k.owner, l.position from unnest($1::text[]) as k (owner)
      cross join lateral (
        select position from (
          (select position from archive a where a.owner = k.owner and position >= $2 order by position desc limit 1)
          union all select position from archive_block b where b.owner = k.owner
          union all select position from archive_preference p where p.owner = k.owner
          union all select max(position) from archive_end e where e.owner = k.owner having count(*) > 0
        ) as ends order by position desc limit 1
      ) as l`,
    [owners, FIRST_OF_LOG],
  );
  return rows.map((row) => ({ user: row.owner, position: unpackPosition(row.position) }));
}
