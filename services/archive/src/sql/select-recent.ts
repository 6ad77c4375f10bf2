import { type Position, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface StreamRow {
  readonly stream: number;
  readonly position: Position;
  readonly createdAtMs: number;
}
export interface RecentEntry {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
}

export async function selectStreams(db: Queryable): Promise<readonly StreamRow[]> {
  const rows = await db.query<{ stream: number; position: bigint; created_at_ms: bigint }>(
    'select stream, position, created_at_ms from archive_stream order by stream',
  );
  return rows.map((row) => ({
    stream: row.stream,
    position: unpackPosition(row.position),
    createdAtMs: Number(row.created_at_ms),
  }));
}

/** The newest entries that were committed at or after `sinceMs`, oldest first. */
export async function selectRecent(db: Queryable, sinceMs: number, limit: number): Promise<readonly RecentEntry[]> {
  const rows = await db.query<{ owner: string; position: bigint; committed_at_ms: bigint; entry_id: string }>(
    `select owner, position, committed_at_ms, entry_id from (
        select owner, position, committed_at_ms, entry_id from archive where committed_at_ms >= $1
        union all
        select owner, position, committed_at_ms, entry_id from archive_block where committed_at_ms >= $1
        union all
        select owner, position, committed_at_ms, entry_id from archive_preference where committed_at_ms >= $1
        union all
        select owner, position, committed_at_ms, entry_id from archive_end where committed_at_ms >= $1
      ) as entry
      order by committed_at_ms desc, position desc limit $2`,
    [sinceMs, limit],
  );
  return rows
    .map((row) => ({
      owner: row.owner,
      position: unpackPosition(row.position),
      committedAtMs: Number(row.committed_at_ms),
      entryId: row.entry_id,
    }))
    .reverse();
}
