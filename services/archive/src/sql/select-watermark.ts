import { type Position, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** How far one stream is written, and which stream of that name it was. */
export interface Watermark {
  readonly position: Position;
  /** 0 when no stream has been seen yet. */
  readonly createdAtMs: number;
}

export async function selectWatermark(db: Queryable, stream: number): Promise<Watermark> {
  const [row] = await db.query<{ position: bigint; created_at_ms: bigint }>(
    'select position, created_at_ms from archive_stream where stream = $1',
    [stream],
  );
  if (!row) throw new Error(`the database does not know stream ${stream}`);
  return { position: unpackPosition(row.position), createdAtMs: Number(row.created_at_ms) };
}
