import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** The entry that ends an account. */
export interface AccountEnd {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
  readonly envelope: Uint8Array;
}

/** Rows that one statement erases: a removal must not run into the statement timeout and start over for ever. */
const ERASED_MAX = 5_000;

/** The account exists from this position on; an account that is there already stays as it is. Moves the watermark with it. */
export async function writeCreation(
  db: Queryable,
  stream: number,
  from: Position,
  to: Position,
  owner: string,
): Promise<boolean> {
  const [row] = await db.query<{ moved: boolean }>(
    `with moved as (
      update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
    ), made as (
      insert into archive_owner (owner, created) select $4, $3 from moved on conflict do nothing
    )
    select (select count(*) from moved) > 0 as moved`,
    [stream, packPosition(from), packPosition(to), owner],
  );
  return row?.moved ?? false;
}

/**
 * The account ends here: all that is before this position is erased, and that it has ended stays. In portions, the watermark with the last: who
 * is interrupted, or does it a second time, erases nothing that came later.
 */
export async function writeDeletion(
  db: Queryable,
  stream: number,
  from: Position,
  { owner, position, committedAtMs, entryId, envelope }: AccountEnd,
): Promise<boolean> {
  for (;;) {
    const erased = await db.query(
      `delete from archive where owner = $1 and position in
        (select position from archive where owner = $1 and position < $2 limit $3) returning position`,
      [owner, packPosition(position), ERASED_MAX],
    );
    if (erased.length < ERASED_MAX) break;
  }
  const [row] = await db.query<{ moved: boolean }>(
    `with moved as (
      update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
    ), ended as (
      delete from archive_owner where owner = $4 and created < $3 and exists (select from moved)
    ), kept as (
      insert into archive_end (owner, position, committed_at_ms, entry_id, envelope)
        select $4, $3, $5, $6, $7 from moved on conflict do nothing
    )
    select (select count(*) from moved) > 0 as moved`,
    [stream, packPosition(from), packPosition(position), owner, committedAtMs, entryId, envelope],
  );
  return row?.moved ?? false;
}
