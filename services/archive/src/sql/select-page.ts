import { type ArchivedEntry, type Position, packPosition, unpackPosition } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

/** Which rows of one owner a page is made of; all of fate archived. */
export interface PageRange {
  readonly owner: string;
  /** Exclusive. */
  readonly after: Position;
  /** Exclusive; undefined = no bound but `upTo`. */
  readonly before: Position | undefined;
  /** Inclusive: how far the rows are looked at. */
  readonly upTo: Position;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
  /** Bare JID; '' = anybody. */
  readonly peer: string;
  /** Just these; none = no such filter. */
  readonly ids: readonly Position[];
}

export interface PageBounds {
  readonly backwards: boolean;
  readonly entriesMax: number;
  /** Unless the first entry alone is longer. */
  readonly bytesMax: number;
}

export interface PageRows {
  /** In the direction of the page. */
  readonly entries: readonly ArchivedEntry[];
  /** There are more: their number or their bytes were the bound. */
  readonly more: boolean;
}

interface PageRow extends Row {
  readonly position: bigint;
  readonly committed_at_ms: bigint;
  readonly envelope: Uint8Array;
  readonly total: number;
}

/** Rows of FATE.archived, by the primary key, or by the index of whom they are with. */
export async function selectPage(db: Queryable, range: PageRange, bounds: PageBounds): Promise<PageRows> {
  const { where, params } = conditions(range);
  const direction = bounds.backwards ? 'desc' : 'asc';
  const limit = `$${params.length + 1}`;
  const bytesMax = `$${params.length + 2}`;
  const rows = await db.query<PageRow>(
    `select position, committed_at_ms, envelope, total from (
      select position, committed_at_ms, envelope, sum(length(envelope)) over (order by position ${direction}) as bytes,
        row_number() over (order by position ${direction}) as n, (count(*) over ())::int as total
      from (
        select position, committed_at_ms, envelope from archive where ${where} order by position ${direction} limit ${limit}
      ) as page
    ) as measured where bytes <= ${bytesMax} or n = 1 order by position ${direction}`,
    [...params, bounds.entriesMax, bounds.bytesMax],
  );
  const total = rows[0]?.total ?? 0;
  return {
    entries: rows.map((row) => ({
      position: unpackPosition(row.position),
      committedAtMs: Number(row.committed_at_ms),
      envelope: row.envelope,
    })),
    more: rows.length < total || total === bounds.entriesMax,
  };
}

/** How many rows there are, at most `max` + 1. */
export async function countPage(db: Queryable, range: PageRange, max: number): Promise<number> {
  const { where, params } = conditions(range);
  const [row] = await db.query<{ count: number }>(
    `select count(*)::int as count from (select 1 from archive where ${where} limit $${params.length + 1}) as found`,
    [...params, max + 1],
  );
  return row?.count ?? 0;
}

/** Which of these positions have a row of FATE.archived. */
export async function selectKnown(
  db: Queryable,
  owner: string,
  positions: readonly Position[],
): Promise<ReadonlySet<bigint>> {
  const rows = await db.query<{ position: bigint }>(
    'select position from archive where owner = $1 and position = any ($2::bigint[]) and fate = 2',
    [owner, positions.map(packPosition)],
  );
  return new Set(rows.map((row) => row.position));
}

// Only what is asked for is a condition, so that the plan is that of the question.
function conditions(range: PageRange): { where: string; params: readonly unknown[] } {
  const params: unknown[] = [range.owner];
  const all = ['owner = $1', 'fate = 2'];
  const add = (condition: string, value: unknown) => {
    params.push(value);
    all.push(condition.replace('?', `$${params.length}`));
  };
  add('position > ?', packPosition(range.after));
  add('position <= ?', packPosition(range.upTo));
  if (range.before !== undefined) add('position < ?', packPosition(range.before));
  if (range.startMs !== undefined) add('committed_at_ms >= ?', range.startMs);
  if (range.endMs !== undefined) add('committed_at_ms <= ?', range.endMs);
  if (range.peer !== '') add('peer = ?', range.peer);
  if (range.ids.length > 0) add('position = any (?::bigint[])', range.ids.map(packPosition));
  return { where: all.join(' and '), params };
}
