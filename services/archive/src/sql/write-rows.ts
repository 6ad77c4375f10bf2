import { type Position, packPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

export interface NewRow {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
  readonly fate: number;
  readonly copy: number;
  readonly envelope: Uint8Array;
}

export interface WrittenRows {
  /** False: somebody else has moved the watermark, and nothing was written. */
  readonly moved: boolean;
  readonly written: number;
  /** Owners that have no account: nothing of theirs was written. */
  readonly unknown: readonly string[];
}

// One statement is one transaction and one round trip: 2,000 rows cost about as much as begin, update, select and commit of one.
// `update` comes first by its row lock: of two writers the second waits here, finds another position and writes nothing.
const SQL = `with moved as (
  update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
), entry as (
  select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::int[], $9::int[], $10::bytea[])
    as e (owner, position, committed_at_ms, entry_id, fate, copy, envelope)
), known as (
  select owner from archive_owner where owner = any (array(select distinct owner from entry))
), written as (
  insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope)
    select e.* from entry e join known using (owner) where exists (select from moved)
    on conflict do nothing returning 1
)
select
  (select count(*) from moved) > 0 as moved,
  (select count(*)::int from written) as written,
  array(select distinct owner from entry except select owner from known) as unknown`;

/** Writes rows and moves the watermark from `from` to `to`, both or neither. */
export async function writeRows(
  db: Queryable,
  stream: number,
  from: Position,
  to: Position,
  rows: readonly NewRow[],
): Promise<WrittenRows> {
  const [result] = await db.query<WrittenRows & Record<string, unknown>>(SQL, [
    stream,
    packPosition(from),
    packPosition(to),
    rows.map((r) => r.owner),
    rows.map((r) => packPosition(r.position)),
    rows.map((r) => r.committedAtMs),
    rows.map((r) => r.entryId),
    rows.map((r) => r.fate),
    rows.map((r) => r.copy),
    rows.map((r) => r.envelope),
  ]);
  if (!result) throw new Error('a select without a row');
  return result;
}
