import { ARCHIVE_DEFAULT, type ArchiveDefault, type ArchivePreferences } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';
import type { StoredBlocks } from './block-list.ts';

/** What an account has said about the messages of others: whom it has blocked, and what it wants archived. */
export interface StoredWishes {
  /** Of version 0 when it was never changed. */
  readonly blocks: StoredBlocks;
  /** Undefined when they were never changed. */
  readonly preferences: ArchivePreferences | undefined;
}

interface WishesRow extends Row {
  readonly username: string;
  readonly blocks_version: bigint | null;
  readonly jids: string[] | null;
  readonly version: bigint | null;
  readonly fallback: ArchiveDefault;
  readonly always: string[];
  readonly never: string[];
  readonly roster: string[];
}

/** Both of accounts, in one statement: of one moment. Who has no account is left out. */
export async function selectWishes(db: Queryable, users: readonly string[]): Promise<Map<string, StoredWishes>> {
  const rows = await db.query<WishesRow>(
    `select username, b.version as blocks_version, b.jids, p.version, p.fallback, p.always, p.never,
            case when p.fallback = ${ARCHIVE_DEFAULT.roster} then array(
              select jid from roster_item i where i.username = a.username and not removed order by jid
            ) else '{}' end as roster
       from account a left join block_list b using (username) left join archive_preference_list p using (username)
      where username = any ($1)`,
    [users],
  );
  return new Map(rows.map((row) => [row.username, wishesOf(row)]));
}

const wishesOf = ({ blocks_version, jids, version, fallback, always, never, roster }: WishesRow): StoredWishes => ({
  blocks: { version: Number(blocks_version ?? 0), jids: jids ?? [] },
  preferences: version === null ? undefined : { version: Number(version), fallback, always, never, roster },
});
