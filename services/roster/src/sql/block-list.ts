import type { Queryable } from '@starling/db';

export interface StoredBlocks {
  readonly version: number;
  readonly jids: readonly string[];
}

/** The block list of a user; undefined when it was never changed. */
export async function selectBlocks(db: Queryable, user: string): Promise<StoredBlocks | undefined> {
  const [row] = await db.query<{ version: bigint; jids: string[] }>(
    'select version, jids from block_list where username = $1',
    [user],
  );
  return row && { version: Number(row.version), jids: row.jids };
}

/** The JIDs on the block lists of these users; who has none is left out. */
export async function selectBlocksOf(db: Queryable, users: readonly string[]): Promise<Map<string, readonly string[]>> {
  const rows = await db.query<{ username: string; jids: string[] }>(
    'select username, jids from block_list where username = any ($1)',
    [users],
  );
  return new Map(rows.map(({ username, jids }) => [username, jids]));
}

export async function upsertBlocks(tx: Queryable, user: string, { version, jids }: StoredBlocks): Promise<void> {
  await tx.query(
    `insert into block_list (username, version, jids) values ($1, $2, $3)
      on conflict (username) do update set version = excluded.version, jids = excluded.jids`,
    [user, version, jids],
  );
}
