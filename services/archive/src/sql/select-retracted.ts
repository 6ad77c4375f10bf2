import { decodeEnvelope, type Envelope, type Position, packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Rows with the wanted bytes that are read for one search: ids need not be unique. */
const CANDIDATES_MAX = 8;

export interface Search {
  readonly owner: string;
  /** Exclusive. */
  readonly before: Position;
  /** What the envelope has somewhere. */
  readonly bytes: Uint8Array;
}

export interface Candidate {
  /** Of the search. */
  readonly place: number;
  readonly row: { readonly owner: string; readonly position: Position; readonly committedAtMs: number };
  readonly envelope: Envelope;
}

// No column has the id of a message: it would cost every row, and is asked for seldom. 1,000 rows are searched in some milliseconds.
const SQL = `select s.place::int - 1 as place, s.owner, found.position, found.committed_at_ms, found.envelope
  from unnest($1::text[], $2::bigint[], $3::bytea[]) with ordinality as s (owner, before, bytes, place)
  cross join lateral (
    select newest.position, newest.committed_at_ms, newest.envelope from (
      select a.position, a.committed_at_ms, a.envelope from archive a
        where a.owner = s.owner and a.position < s.before order by a.position desc limit $4
    ) as newest where position(s.bytes in newest.envelope) > 0 order by newest.position desc limit $5
  ) as found
  order by s.place, found.position desc`;

/** For each search the owner's newest rows that have the bytes, newest first; among `rowsMax` of them. */
export async function selectRetracted(
  db: Queryable,
  searches: readonly Search[],
  rowsMax: number,
): Promise<readonly Candidate[]> {
  const rows = await db.query<{
    place: number;
    owner: string;
    position: bigint;
    committed_at_ms: bigint;
    envelope: Uint8Array;
  }>(SQL, [
    searches.map((s) => s.owner),
    searches.map((s) => packPosition(s.before)),
    searches.map((s) => s.bytes),
    rowsMax,
    CANDIDATES_MAX,
  ]);
  return rows.map((row) => ({
    place: row.place,
    row: { owner: row.owner, position: unpackPosition(row.position), committedAtMs: Number(row.committed_at_ms) },
    envelope: decodeEnvelope(row.envelope),
  }));
}
