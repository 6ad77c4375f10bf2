import type { RosterVersion } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

interface VersionRow extends Row {
  readonly username: string;
  readonly lineage: string;
  readonly number: bigint;
}

/** The versions of the rosters of these users, of those that have an account. */
export async function selectVersions(
  db: Queryable,
  users: readonly string[],
): Promise<ReadonlyMap<string, RosterVersion>> {
  const rows = await db.query<VersionRow>(
    'select username, lineage, roster_version as number from account where username = any($1::text[])',
    [users],
  );
  return new Map(rows.map(({ username, lineage, number }) => [username, { lineage, number: Number(number) }]));
}
