import type { Queryable } from '@starling/db';
import type { Watermark } from './write-batch.ts';

interface StreamRow extends Record<string, unknown> {
  readonly created_at_ms: bigint;
  readonly epoch: number;
  readonly sequence: bigint;
}

export interface OwnedStream extends Watermark {
  readonly createdAtMs: number;
}

/**
 * Takes the lease of a stream, or keeps it; undefined while another process holds it. A stream that the database does not know
 * begins with epoch 1. The database's clock decides, so that the processes' clocks do not have to agree.
 */
export async function takeLease(
  db: Queryable,
  stream: number,
  holder: string,
  leaseMs: number,
  createdAtMs: number,
): Promise<OwnedStream | undefined> {
  const rows = await db.query<StreamRow>(
    `insert into archive_stream as s (stream, created_at_ms, epoch, sequence, lease_holder, lease_until)
     values ($1, $4, 1, 0, $2, now() + $3 * interval '1 ms')
     on conflict (stream) do update set lease_holder = excluded.lease_holder, lease_until = excluded.lease_until
       where s.lease_holder = excluded.lease_holder or s.lease_until < now()
     returning created_at_ms, epoch, sequence`,
    [stream, holder, leaseMs, createdAtMs],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return { stream, epoch: row.epoch, sequence: Number(row.sequence), createdAtMs: Number(row.created_at_ms) };
}

/** Gives the lease back, so that nobody waits for it to run out. */
export async function dropLease(db: Queryable, stream: number, holder: string): Promise<void> {
  await db.query('update archive_stream set lease_until = now() where stream = $1 and lease_holder = $2', [
    stream,
    holder,
  ]);
}

/** The stream was made anew: its sequences start again in the next epoch. False when somebody else has seen to it. */
export async function openEpoch(db: Queryable, known: OwnedStream, createdAtMs: number): Promise<boolean> {
  const rows = await db.query(
    `update archive_stream set epoch = epoch + 1, sequence = 0, created_at_ms = $3
      where stream = $1 and epoch = $2 returning stream`,
    [known.stream, known.epoch, createdAtMs],
  );
  return rows.length > 0;
}
