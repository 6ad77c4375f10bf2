import { type Position, packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** One owner's entries that are next to a time. */
export interface Around {
  /** The last one that was committed before it; undefined: there is none. */
  readonly before: Position | undefined;
  /** The first one that was not. */
  readonly from: Position | undefined;
}

// By halves, along the primary key: an entry in the middle says in which half to go on. No index has the times of one owner, which would
// cost every row; this costs some thirty looks into one index. Each step keeps the entries nearest to the time that have been seen.
const SQL = `with recursive step (low, high, before, first) as (
  select min(position) - 1, max(position) + 1, null::bigint, null::bigint from archive
    where owner = $1 and position >= $2 and committed_at_ms >= $3 and committed_at_ms < $4
  union all
  select
    case when next.committed_at_ms < $5 then next.position else s.low end,
    case when next.committed_at_ms < $5 then s.high else s.middle end,
    case when next.committed_at_ms < $5 then next.position else s.before end,
    case when next.committed_at_ms >= $5 then next.position else s.first end
  from (select *, low + (high - low) / 2 as middle from step) as s
  left join lateral (
    select a.position, a.committed_at_ms from archive a
      where a.owner = $1 and a.position >= s.middle and a.position < s.high
        and a.committed_at_ms >= $3 and a.committed_at_ms < $4
      order by a.position limit 1
  ) as next on true
  where s.high - s.low > 1
)
select before, first from step where high - low <= 1`;

/**
 * Looks among an owner's entries from a position on, in the one partition that has the time. What their times are must go up with their
 * positions, or be wrong by less than the asker allows for.
 */
export async function selectAround(db: Queryable, owner: string, from: Position, atMs: number): Promise<Around> {
  const [partition] = await db.query<{ lower_ms: bigint; upper_ms: bigint }>(
    'select lower_ms, upper_ms from archive_partition where lower_ms <= $1 and upper_ms > $1',
    [atMs],
  );
  if (partition === undefined) return { before: undefined, from: undefined };
  const { lower_ms: lowerMs, upper_ms: upperMs } = partition;
  const [row] = await db.query<{ before: bigint | null; first: bigint | null }>(SQL, [
    ...[owner, packPosition(from), lowerMs, upperMs, atMs],
  ]);
  const positionOf = (packed: bigint | null | undefined) => (packed == null ? undefined : unpackPosition(packed));
  return { before: positionOf(row?.before), from: positionOf(row?.first) };
}
