import type { Queryable } from '@starling/db';

export interface Partition {
  /** Inclusive. */
  readonly lowerMs: number;
  /** Exclusive. */
  readonly upperMs: number;
  readonly name: string;
}

/** Any number, the same in every release: who holds it changes partitions. */
const LOCK = 7_461_720_116n;

/** Until the transaction ends nobody else makes or drops one. */
export async function lockPartitions(tx: Queryable): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [LOCK]);
}

/** In order of time. */
export async function selectPartitions(db: Queryable): Promise<readonly Partition[]> {
  const rows = await db.query<{ lower_ms: bigint; upper_ms: bigint; name: string }>(
    'select lower_ms, upper_ms, name from archive_partition order by lower_ms',
  );
  return rows.map((row) => ({ lowerMs: Number(row.lower_ms), upperMs: Number(row.upper_ms), name: row.name }));
}

/** Attached when it is made: `create table … partition of` would keep all readers and writers waiting. */
export async function createPartition(tx: Queryable, { lowerMs, upperMs, name }: Partition): Promise<void> {
  await tx.query(`create table ${name} (like archive including all)`);
  await tx.query(`alter table archive attach partition ${name} for values from (${lowerMs}) to (${upperMs})`);
  await tx.query('insert into archive_partition (lower_ms, upper_ms, name) values ($1, $2, $3)', [
    lowerMs,
    upperMs,
    name,
  ]);
}

/** @throws DbUnavailableError too, when those who read do not let go of the table in time */
export async function dropPartition(tx: Queryable, { lowerMs, name }: Partition, lockTimeoutMs: number): Promise<void> {
  // Whoever comes after this statement waits behind it.
  await tx.query(`set local lock_timeout = ${lockTimeoutMs}`);
  await tx.query(`drop table ${name}`);
  await tx.query('delete from archive_partition where lower_ms = $1', [lowerMs]);
}
