import type { ArchiveDefault } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

export interface StoredPreferences {
  readonly version: number;
  readonly fallback: ArchiveDefault;
  readonly always: readonly string[];
  readonly never: readonly string[];
}

interface PreferencesRow extends Row {
  readonly version: bigint;
  readonly fallback: ArchiveDefault;
  readonly always: string[];
  readonly never: string[];
}

/** What a user wants archived; undefined when he has never said so. */
export async function selectPreferences(db: Queryable, user: string): Promise<StoredPreferences | undefined> {
  const [row] = await db.query<PreferencesRow>(
    'select version, fallback, always, never from archive_preference_list where username = $1',
    [user],
  );
  return row && { ...row, version: Number(row.version) };
}

export async function upsertPreferences(
  tx: Queryable,
  user: string,
  { version, fallback, always, never }: StoredPreferences,
): Promise<void> {
  await tx.query(
    `insert into archive_preference_list (username, version, fallback, always, never) values ($1, $2, $3, $4, $5)
      on conflict (username) do update set version = excluded.version, fallback = excluded.fallback,
        always = excluded.always, never = excluded.never`,
    [user, version, fallback, always, never],
  );
}

/** Who is in a user's roster. */
export async function selectRosterJids(db: Queryable, user: string): Promise<readonly string[]> {
  const rows = await db.query<{ jid: string }>(
    'select jid from roster_item where username = $1 and not removed order by jid',
    [user],
  );
  return rows.map(({ jid }) => jid);
}
