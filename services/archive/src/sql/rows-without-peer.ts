import type { Queryable, Row } from '@starling/db';

interface UnfilledRow extends Row {
  readonly owner: string;
  readonly position: bigint;
  readonly envelope: Uint8Array;
}

/** Some rows that do not say with whom they are, in the order in which everybody takes them. */
export function selectWithoutPeer(db: Queryable, limit: number): Promise<readonly UnfilledRow[]> {
  return db.query<UnfilledRow>(
    'select owner, position, envelope from archive where peer is null order by owner, position limit $1',
    [limit],
  );
}

export async function updatePeers(
  db: Queryable,
  rows: readonly { owner: string; position: bigint; peer: string }[],
): Promise<void> {
  await db.query(
    `update archive a set peer = given.peer from unnest($1::text[], $2::bigint[], $3::text[]) as given (owner, position, peer)
      where a.owner = given.owner and a.position = given.position`,
    [rows.map((r) => r.owner), rows.map((r) => r.position), rows.map((r) => r.peer)],
  );
}
