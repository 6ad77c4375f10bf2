import type { Queryable } from '@starling/db';

/**
 * Renews this holder's leases and takes those that have expired. By the database's clock, so that no two machines need agree.
 * @returns the streams that it holds now
 */
export async function takeLeases(
  db: Queryable,
  streams: number,
  holder: string,
  leaseMs: number,
): Promise<readonly number[]> {
  const rows = await db.query<{ stream: number }>(
    `insert into archive_lease as held (stream, holder, expires_at)
      select stream, $2, clock_timestamp() + $3 * interval '1 ms' from generate_series(0, $1::int - 1) as stream
      on conflict (stream) do update set holder = excluded.holder, expires_at = excluded.expires_at
        where held.holder = excluded.holder or held.expires_at < clock_timestamp()
      returning stream`,
    [streams, holder, leaseMs],
  );
  return rows.map((row) => row.stream);
}

export async function giveUpLeases(db: Queryable, holder: string): Promise<void> {
  await db.query('delete from archive_lease where holder = $1', [holder]);
}
