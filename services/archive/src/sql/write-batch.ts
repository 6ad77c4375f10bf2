import type { Queryable } from '@starling/db';
import type { ArchiveRow, Verdicts } from '../verdicts.ts';

/** Where a writer stands in a stream. */
export interface Watermark {
  readonly stream: number;
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Moves the watermark and writes what lies between, in the caller's transaction; false when the watermark is not where this writer
 * thought it was: another one has written this already.
 */
export async function writeBatch(tx: Queryable, from: Watermark, upTo: number, verdicts: Verdicts): Promise<boolean> {
  const moved = await tx.query(
    'update archive_stream set sequence = $4 where stream = $1 and epoch = $2 and sequence = $3 returning stream',
    [from.stream, from.epoch, from.sequence, upTo],
  );
  if (moved.length === 0) return false;
  if (verdicts.deleted.size > 0) await deleteOwners(tx, verdicts.deleted);
  if (verdicts.created.size > 0) await insertOwners(tx, verdicts.created);
  if (verdicts.rows.length > 0) await insertRows(tx, verdicts.rows);
  return true;
}

async function insertRows(tx: Queryable, rows: readonly ArchiveRow[]): Promise<void> {
  await tx.query(
    `insert into archive (owner, position, committed_at, entry_id, fate, copy, envelope)
     select o, p, to_timestamp(t / 1000.0), i, f, c, e
       from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bytea[], $5::smallint[], $6::smallint[], $7::bytea[]) as r(o, p, t, i, f, c, e)
     on conflict do nothing`,
    [
      rows.map((r) => r.owner),
      rows.map((r) => r.position),
      rows.map((r) => r.committedAtMs),
      rows.map((r) => Buffer.from(r.id, 'base64url')),
      rows.map((r) => r.fate),
      rows.map((r) => r.copy),
      rows.map((r) => r.data),
    ],
  );
}

async function insertOwners(tx: Queryable, created: ReadonlyMap<string, bigint>): Promise<void> {
  await tx.query(
    `insert into archive_owner (owner, created_position) select * from unnest($1::text[], $2::bigint[]) on conflict do nothing`,
    [[...created.keys()], [...created.values()]],
  );
}

async function deleteOwners(tx: Queryable, deleted: ReadonlyMap<string, bigint>): Promise<void> {
  const params = [[...deleted.keys()], [...deleted.values()]];
  await tx.query(
    `delete from archive using unnest($1::text[], $2::bigint[]) as d(owner, position)
      where archive.owner = d.owner and archive.position < d.position`,
    params,
  );
  await tx.query('delete from archive_owner using unnest($1::text[]) as d(owner) where archive_owner.owner = d.owner', [
    params[0],
  ]);
}
