import { type Position, packPosition, SEQUENCE_MAX } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import type { NewRow } from './write-rows.ts';

/** What is imported has the positions of epoch 0, in which no log was ever written: behind nothing, before all that the log has. */
const FIRST: Position = { epoch: 0, sequence: 1 };
const LAST: Position = { epoch: 0, sequence: SEQUENCE_MAX };

/** How many messages were imported for an owner, whom this keeps for the caller's transaction; undefined when he has no account. */
export async function lockImported(tx: Queryable, owner: string): Promise<number | undefined> {
  const owners = await tx.query('select 1 from archive_owner where owner = $1 for update', [owner]);
  if (owners.length === 0) return undefined;
  const [row] = await tx.query<{ position: bigint }>(
    `select position from archive where owner = $1 and position between $2 and $3 order by position desc limit 1`,
    [owner, packPosition(FIRST), packPosition(LAST)],
  );
  return Number(row?.position ?? 0n);
}

/** In the caller's transaction. */
export async function insertImported(tx: Queryable, rows: readonly NewRow[]): Promise<void> {
  await tx.query(
    `insert into archive (owner, position, committed_at_ms, entry_id, fate, copy, envelope, peer)
      select owner, position, committed_at_ms, entry_id, fate, copy, envelope, split_part(peer, '/', 1)
        from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::int[], $6::int[], $7::bytea[], $8::text[])
          as e (owner, position, committed_at_ms, entry_id, fate, copy, envelope, peer)`,
    [
      rows.map((r) => r.owner),
      rows.map((r) => packPosition(r.position)),
      rows.map((r) => r.committedAtMs),
      rows.map((r) => r.entryId),
      rows.map((r) => r.fate),
      rows.map((r) => r.copy),
      rows.map((r) => r.envelope),
      rows.map((r) => r.peer),
    ],
  );
}
