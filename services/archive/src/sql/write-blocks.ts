import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface NewBlocks {
  readonly owner: string;
  readonly jids: readonly string[];
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
  readonly envelope: Uint8Array;
}

/** From this entry on the owner has blocked these. Moves the watermark with it; of an owner without an account nothing else. */
export async function writeBlocks(
  db: Queryable,
  stream: number,
  from: Position,
  { owner, jids, position, committedAtMs, entryId, envelope }: NewBlocks,
): Promise<boolean> {
  const [row] = await db.query<{ moved: boolean }>(
    `with moved as (
      update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
    ), kept as (
      insert into archive_block (owner, jids, position, committed_at_ms, entry_id, envelope)
        select owner, $5::text[], $3, $6, $7, $8 from archive_owner where owner = $4 and exists (select from moved)
        on conflict (owner) do update set jids = excluded.jids, position = excluded.position,
          committed_at_ms = excluded.committed_at_ms, entry_id = excluded.entry_id, envelope = excluded.envelope
    )
    select (select count(*) from moved) > 0 as moved`,
    [stream, packPosition(from), packPosition(position), owner, jids, committedAtMs, entryId, envelope],
  );
  return row?.moved ?? false;
}
