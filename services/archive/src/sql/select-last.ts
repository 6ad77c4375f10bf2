import { type UserPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Where these owners' rows end; who has none is left out. */
export async function selectLast(db: Queryable, owners: readonly string[]): Promise<readonly UserPosition[]> {
  const rows = await db.query<{ owner: string; position: bigint }>(
    `select k.owner, l.position from unnest($1::text[]) as k (owner)
      cross join lateral (
        select position from (
          (select position from archive a where a.owner = k.owner order by position desc limit 1)
          union all select position from archive_block b where b.owner = k.owner
          union all select position from archive_preference p where p.owner = k.owner
        ) as ends order by position desc limit 1
      ) as l`,
    [owners],
  );
  return rows.map((row) => ({ user: row.owner, position: unpackPosition(row.position) }));
}
