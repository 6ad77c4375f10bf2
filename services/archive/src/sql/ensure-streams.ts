import type { Queryable } from '@starling/db';

/** Makes the rows of all streams when there are none yet. @returns how many streams the database knows */
export async function ensureStreams(db: Queryable, streams: number): Promise<number> {
  await db.query(
    `insert into archive_stream (stream) select generate_series(0, $1::int - 1)
      where not exists (select from archive_stream) on conflict do nothing`,
    [streams],
  );
  const [row] = await db.query<{ count: number }>('select count(*)::int as count from archive_stream');
  return row?.count ?? 0;
}
