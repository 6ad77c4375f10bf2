import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { Watermark } from './select-watermark.ts';

/** Moves a stream's watermark into the next epoch, or to a stream that was made at another time. @returns false when somebody else has moved it meanwhile */
export async function moveWatermark(db: Queryable, stream: number, from: Watermark, to: Watermark): Promise<boolean> {
  const moved = await db.query(
    `update archive_stream set position = $4, created_at_ms = $5
      where stream = $1 and position = $2 and created_at_ms = $3 returning stream`,
    [stream, pack(from.position), BigInt(from.createdAtMs), pack(to.position), BigInt(to.createdAtMs)],
  );
  return moved.length > 0;
}

const pack = (position: Position) => packPosition(position);
