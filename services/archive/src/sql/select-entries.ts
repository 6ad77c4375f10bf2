import { type ArchivedEntry, type Position, packPosition, SEQUENCE_MAX, unpackPosition } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { asWritten } from '../as-written.ts';

export interface EntryRange {
  readonly owner: string;
  /** Exclusive. */
  readonly after: Position;
  /** Inclusive. */
  readonly upTo: Position;
  readonly entriesMax: number;
  /** Unless the first entry alone is longer. */
  readonly bytesMax: number;
}

/** What is imported is not in the log: it has positions of epoch 0. */
const BEFORE_LOG: Position = { epoch: 0, sequence: SEQUENCE_MAX };
const isInLog = ({ epoch }: Position): boolean => epoch > 0;

/** Entries of one owner in order: his messages, the newest ones about his block list and his preferences, and those that ended an account. */
export async function selectEntries(db: Queryable, range: EntryRange): Promise<readonly ArchivedEntry[]> {
  const rows = await db.query<{ position: bigint; committed_at_ms: bigint; fate: number; envelope: Uint8Array }>(
    `select position, committed_at_ms, fate, envelope from (
      select position, committed_at_ms, fate, envelope, sum(length(envelope)) over (order by position) as bytes,
        row_number() over (order by position) as n
      from (
        (select position, committed_at_ms, fate, envelope from archive
          where owner = $1 and position > $2 and position <= $3 order by position limit $4)
        union all
        select position, committed_at_ms, 0, envelope from archive_block
          where owner = $1 and position > $2 and position <= $3
        union all
        select position, committed_at_ms, 0, envelope from archive_preference
          where owner = $1 and position > $2 and position <= $3
        union all
        select position, committed_at_ms, 0, envelope from archive_end
          where owner = $1 and position > $2 and position <= $3
        order by position limit $4
      ) as page
    ) as measured where bytes <= $5 or n = 1 order by position`,
    [
      range.owner,
      packPosition(isInLog(range.after) ? range.after : BEFORE_LOG),
      packPosition(range.upTo),
      range.entriesMax,
      range.bytesMax,
    ],
  );
  return rows.map((row) => ({
    position: unpackPosition(row.position),
    committedAtMs: Number(row.committed_at_ms),
    envelope: asWritten(row.envelope, row.fate),
  }));
}
