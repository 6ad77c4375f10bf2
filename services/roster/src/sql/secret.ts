import type { Queryable } from '@starling/db';

/** The cluster's secret of this name: made by whoever asks first, the same for everybody ever after. */
export async function secretOf(db: Queryable, name: string, fresh: Uint8Array): Promise<Uint8Array> {
  await db.query('insert into roster_secret (name, value) values ($1, $2) on conflict do nothing', [name, fresh]);
  const [row] = await db.query<{ value: Uint8Array }>('select value from roster_secret where name = $1', [name]);
  if (row === undefined) throw new Error(`secret ${name} has vanished`);
  return row.value;
}
