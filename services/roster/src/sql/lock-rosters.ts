import type { RosterVersion } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

interface VersionRow extends Row {
  readonly username: string;
  readonly lineage: string;
  readonly number: bigint;
}

/**
 * Takes the rosters of these users for the rest of the transaction, everybody in the same order, so that no two edits wait for each
 * other; who has no account is missing in the answer.
 */
export async function lockRosters(
  tx: Queryable,
  users: readonly string[],
): Promise<ReadonlyMap<string, RosterVersion>> {
  const rows = await tx.query<VersionRow>(
    `select username, lineage, roster_version as number from account
      where username = any($1::text[]) order by username collate "C" for no key update`,
    [users],
  );
  return new Map(rows.map(({ username, lineage, number }) => [username, { lineage, number: Number(number) }]));
}
