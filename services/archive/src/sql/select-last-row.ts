import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface RowKey {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
}

/** Which of these entries is, at its very place, the last that is a row: its index, -1 when none is. */
export async function selectLastRow(db: Queryable, keys: readonly RowKey[]): Promise<number> {
  const [row] = await db.query<{ last: number | null }>(
    `select max(e.place)::int as last from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[])
        with ordinality as e (owner, position, committed_at_ms, entry_id, place)
      join archive using (owner, position, committed_at_ms, entry_id)`,
    [
      keys.map((key) => key.owner),
      keys.map((key) => packPosition(key.position)),
      keys.map((key) => key.committedAtMs),
      keys.map((key) => key.entryId),
    ],
  );
  return (row?.last ?? 0) - 1;
}
