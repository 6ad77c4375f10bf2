import { type Position, packPosition } from '@starling/contracts';
import { type Elements, type Queryable, SqlArray } from '@starling/db';

export interface NewRow {
  readonly owner: string;
  readonly position: Position;
  readonly committedAtMs: number;
  readonly entryId: string;
  readonly fate: number;
  readonly copy: number;
  readonly envelope: Uint8Array;
  /** With whom it is, full or bare JID. */
  readonly peer: string;
}

export interface WrittenRows {
  /** False: somebody else has moved the watermark, and nothing was written. */
  readonly moved: boolean;
  readonly written: number;
  /** Owners that have no account: nothing of theirs was written. */
  readonly unknown: readonly string[];
  /** Rows whose owners have blocked the sender, by their place in what was given: not written. */
  readonly blocked: readonly number[];
  /** Rows that their owners have received while too many wait for them: not written. */
  readonly over: readonly number[];
}

// One statement is one transaction and one round trip: 2,000 rows cost about as much as begin, update, select and commit of one.
// A sender is blocked by his full JID, his bare one or his domain (XEP-0191 §5), the owner himself never (§4).
// What the owner's preferences keep out of the archive (XEP-0441; keepsArchived of the feature says the same) is a row all the same, of
// fate passing: 2 is FATE.archived, 1 FATE.passing, 0 COPY.received.
// "materialized" and "is true": each table is looked at once, and its rows are found by a hash, also while PostgreSQL has no statistics.
// Joins, not "= any (array)": of a small table each row would be compared with each element, half of the time of the statement.
// `update` comes first by its row lock: of two writers the second waits here, finds another position and writes nothing.
const SQL = `with moved as (
  update archive_stream set position = $3 where stream = $1 and position = $2 returning stream
), entry as (
  select * from unnest($4::text[], $5::bigint[], $6::bigint[], $7::text[], $8::int[], $9::int[], $10::bytea[],
      $11::text[])
    with ordinality as e (owner, position, committed_at_ms, entry_id, fate, copy, envelope, peer, place)
), owners as materialized (
  select distinct owner from entry
), known as materialized (
  select owner, over_quota from owners join archive_owner using (owner)
), list as materialized (
  select owner, jids from owners join archive_block using (owner)
), blocked as (
  select e.place from entry e join list l using (owner), split_part(e.peer, '/', 1) as bare
    where e.copy = 0 and bare <> e.owner and l.jids && array[e.peer, bare, regexp_replace(bare, '^.*@', '')]
), over as (
  select place from entry
    where owner = any (array(select owner from known where over_quota)) and copy = 0
      and place not in (select place from blocked)
), preference as materialized (
  select p.* from owners join archive_preference p using (owner)
), excluded as (
  select e.place from entry e join preference p using (owner), split_part(e.peer, '/', 1) as bare
    where e.fate = 2 and not case
      when e.peer = any (p.never) then false
      when e.peer = any (p.always) then true
      when bare = any (p.never) then false
      when bare = any (p.always) then true
      when p.fallback = 2 then bare = any (p.roster)
      else p.fallback = 0
    end
), written as (
  insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope, peer)
    select e.owner, e.position, e.committed_at_ms, e.entry_id,
        case when e.place in (select place from excluded) then 1 else e.fate end,
        e.copy, e.envelope, split_part(e.peer, '/', 1) from entry e
      where exists (select from moved) and (e.owner in (select owner from known)) is true
        and e.place not in (select place from blocked) and e.place not in (select place from over)
    on conflict do nothing returning 1
)
select
  (select count(*) from moved) > 0 as moved,
  (select count(*)::int from written) as written,
  array(select place::int - 1 from blocked) as blocked,
  array(select place::int - 1 from over) as over,
  array(select owner from owners except select owner from known) as unknown`;

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
    ...columnsOf(rows),
  ]);
  if (!result) throw new Error('a select without a row');
  return result;
}

function columnsOf(rows: readonly NewRow[]): readonly SqlArray[] {
  const column = <T extends keyof Elements>(type: T, read: (row: NewRow) => Elements[T]) =>
    SqlArray.of(type, rows.map(read));
  return [
    column('text', (row) => row.owner),
    column('int8', (row) => packPosition(row.position)),
    column('int8', (row) => row.committedAtMs),
    column('text', (row) => row.entryId),
    column('int4', (row) => row.fate),
    column('int4', (row) => row.copy),
    column('bytea', (row) => row.envelope),
    column('text', (row) => row.peer),
  ];
}
