import { type ArchivedEntry, type Position, packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Messages that an owner has received, of FATE.passing, in order: what is kept of them. */
export async function selectPassing(
  db: Queryable,
  owner: string,
  after: Position,
  bounds: { readonly entriesMax: number; readonly bytesMax: number },
): Promise<readonly ArchivedEntry[]> {
  const rows = await db.query<{ position: bigint; committed_at_ms: bigint; envelope: Uint8Array }>(
    `select position, committed_at_ms, envelope from (
       select position, committed_at_ms, envelope, sum(length(envelope)) over (order by position) as bytes,
         row_number() over (order by position) as n
       from (
         select position, committed_at_ms, envelope from archive
          where owner = $1 and position > $2 and fate = 1 and copy <> 1 order by position limit $3
       ) as page
     ) as measured where bytes <= $4 or n = 1 order by position`,
    [owner, packPosition(after), bounds.entriesMax, bounds.bytesMax],
  );
  return rows.map((row) => ({
    position: unpackPosition(row.position),
    committedAtMs: Number(row.committed_at_ms),
    envelope: row.envelope,
  }));
}
