import {
  type Copy,
  decodeEnvelope,
  type Envelope,
  type Position,
  packPosition,
  unpackPosition,
} from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Rows with the wanted id that are read for one search: ids need not be unique. */
export const CANDIDATES_MAX = 8;
/** Of an envelope, what is looked through: the start tag of its stanza, which has the id, ends before; two JIDs, thrice each, are the longest of it. */
const HEAD_BYTES = 32 * 1024;

export interface Search {
  readonly owner: string;
  /** Exclusive. */
  readonly before: Position;
  /** Bare JID: with whom it is. */
  readonly peer: string;
  readonly copy: Copy;
  /** What the start tag of the stanza has somewhere. */
  readonly bytes: Uint8Array;
}

export interface SearchBounds {
  /** An owner's newest rows. */
  readonly rowsMax: number;
  /** Of their heads; what is behind them is not looked through. */
  readonly bytesMax: number;
}

export interface Candidate {
  /** Of the search. */
  readonly place: number;
  readonly row: { readonly owner: string; readonly position: Position; readonly committedAtMs: number };
  readonly envelope: Envelope;
}

// No column has the id of a message: it would cost every row, and is asked for seldom. 1,000 rows are searched in some milliseconds.
// Corrections, receipts and reactions have the same id in a child: the rows that have it in the start tag go first. The first `>` behind
// `<message ` ends it, save that a resource, which an envelope also holds as it is, may be made to look like that: so it is an order and no
// condition. What is taken back was sent by the same side of the same conversation: whatever others say does not count.
const SQL = `select s.place::int - 1 as place, s.owner, found.position, found.committed_at_ms, found.envelope
  from unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::bytea[]) with ordinality
    as s (owner, before, peer, copy, bytes, place)
  cross join lateral (
    select m.position, m.committed_at_ms, m.envelope from (
      select n.*, substring(n.envelope from 1 for ${HEAD_BYTES}) as head from (
        select newest.*, sum(least(octet_length(newest.envelope), ${HEAD_BYTES})) over (order by newest.position desc) as bytes
        from (
          select a.position, a.committed_at_ms, a.peer, a.copy, a.envelope from archive a
            where a.owner = s.owner and a.position < s.before order by a.position desc limit $6
        ) as newest
      ) as n where n.bytes <= $7 and n.peer = s.peer and n.copy = s.copy
    ) as m cross join lateral (select substring(m.head from position('<message '::bytea in m.head)) as tag) as t
    where position(s.bytes in m.head) > 0
    order by position(s.bytes in t.tag) between 1 and position('>'::bytea in t.tag) desc, m.position desc limit $8
  ) as found
  order by s.place, found.position desc`;

/** For each search the owner's newest rows that have the bytes, newest first. */
export async function selectRetracted(
  db: Queryable,
  searches: readonly Search[],
  { rowsMax, bytesMax }: SearchBounds,
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
    searches.map((s) => s.peer),
    searches.map((s) => s.copy),
    searches.map((s) => s.bytes),
    rowsMax,
    bytesMax,
    CANDIDATES_MAX,
  ]);
  return rows.map((row) => ({
    place: row.place,
    row: { owner: row.owner, position: unpackPosition(row.position), committedAtMs: Number(row.committed_at_ms) },
    envelope: decodeEnvelope(row.envelope),
  }));
}
