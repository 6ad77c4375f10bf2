import {
  type ArchivedEntry,
  COPY,
  FATE,
  type Position,
  packPosition,
  START,
  unpackPosition,
} from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';
import { asWritten } from '../as-written.ts';
import type { Span } from '../offline/coverage.ts';

export interface WaitingRange extends Span {
  readonly owner: string;
  /** Up to here only what is not archived; absent = all. */
  readonly readUpTo: Position | undefined;
  readonly entriesMax: number;
  /** Unless the first entry alone is longer. */
  readonly bytesMax: number;
}

interface WaitingRow extends Row {
  readonly position: bigint;
  readonly committed_at_ms: bigint;
  readonly fate: number;
  readonly envelope: Uint8Array;
  readonly found: bigint;
}

/** The first messages in a part of a log that its owner has received, and whether these are all. */
export async function selectWaiting(
  db: Queryable,
  { owner, after, upTo, readUpTo, entriesMax, bytesMax }: WaitingRange,
): Promise<{ entries: readonly ArchivedEntry[]; complete: boolean }> {
  const rows = await db.query<WaitingRow>(
    `select position, committed_at_ms, fate, envelope, found from (
      select position, committed_at_ms, fate, envelope, sum(length(envelope)) over (order by position) as bytes,
        row_number() over (order by position) as n, count(*) over () as found
      from (
        select position, committed_at_ms, fate, envelope from archive
          where owner = $1 and position > $2 and position <= $3 and copy <> $4 and (position > $5 or fate = $6)
        order by position limit $7::int + 1
      ) as page
    ) as measured where n = 1 or (bytes <= $8 and n <= $7::int) order by position`,
    [
      ...[owner, packPosition(after), packPosition(upTo), COPY.sent, packPosition(readUpTo ?? START), FATE.passing],
      ...[entriesMax, bytesMax],
    ],
  );
  return {
    entries: rows.map((row) => ({
      position: unpackPosition(row.position),
      committedAtMs: Number(row.committed_at_ms),
      envelope: asWritten(row.envelope, row.fate),
    })),
    complete: rows.length === Number(rows[0]?.found ?? 0),
  };
}
