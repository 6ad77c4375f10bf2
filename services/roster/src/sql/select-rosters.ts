import type { RosterItem, RosterVersion, Subscription } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

/** An item, or the trace of one, with the number of the version that its last change made. */
export interface StoredItem extends RosterItem {
  readonly changed: number;
}

/** What is known of an account's contacts, at one moment. */
export interface StoredRoster {
  readonly version: RosterVersion;
  /** Differences from versions below this number are not known. */
  readonly pruned: number;
  /** In order of their last changes; traces of removed ones among them. */
  readonly items: readonly StoredItem[];
  /** Subscription requests that wait for the user's answer. */
  readonly requests: number;
}

interface RosterRow extends Row {
  readonly username: string;
  readonly lineage: string;
  readonly number: bigint;
  readonly pruned: bigint;
  readonly requests: bigint;
  /** Null where there is no item at all. */
  readonly jid: string | null;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  readonly ask: boolean;
  readonly approved: boolean;
  readonly removed: boolean;
  readonly changed: bigint;
}

/** The rosters of accounts, in one statement: of one moment. Who has no account is left out. */
export async function selectRosters(db: Queryable, users: readonly string[]): Promise<Map<string, StoredRoster>> {
  const rows = await db.query<RosterRow>(
    `select a.username, a.lineage, a.roster_version as number, a.roster_pruned as pruned,
            (select count(*) from roster_request r where r.username = a.username) as requests,
            i.jid, i.name, i.groups, i.subscription, i.ask, i.approved, i.removed, i.changed
       from account a left join roster_item i on i.username = a.username
      where a.username = any ($1) order by a.username, i.changed`,
    [users],
  );
  const rosters = new Map<string, StoredRoster & { readonly items: StoredItem[] }>();
  for (const row of rows) {
    let roster = rosters.get(row.username);
    if (roster === undefined) {
      const version = { lineage: row.lineage, number: Number(row.number) };
      roster = { version, pruned: Number(row.pruned), items: [], requests: Number(row.requests) };
      rosters.set(row.username, roster);
    }
    if (row.jid !== null) roster.items.push(itemOf(row, row.jid));
  }
  return rosters;
}

const itemOf = (
  { name, groups, subscription, ask, approved, removed, changed }: RosterRow,
  jid: string,
): StoredItem => ({
  ...{ jid, name, groups, subscription, ask, approved, removed },
  changed: Number(changed),
});
