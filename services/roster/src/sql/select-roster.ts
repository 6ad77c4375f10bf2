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

/** The roster of an account, in one statement: of one moment. Undefined when there is no such account. */
export async function selectRoster(db: Queryable, user: string): Promise<StoredRoster | undefined> {
  const rows = await db.query<RosterRow>(
    `select a.lineage, a.roster_version as number, a.roster_pruned as pruned,
            (select count(*) from roster_request r where r.username = a.username) as requests,
            i.jid, i.name, i.groups, i.subscription, i.ask, i.approved, i.removed, i.changed
       from account a left join roster_item i on i.username = a.username
      where a.username = $1 order by i.changed`,
    [user],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  return {
    version: { lineage: first.lineage, number: Number(first.number) },
    pruned: Number(first.pruned),
    items: rows.flatMap(itemOf),
    requests: Number(first.requests),
  };
}

const itemOf = ({ jid, name, groups, subscription, ask, approved, removed, changed }: RosterRow): StoredItem[] =>
  jid === null ? [] : [{ jid, name, groups, subscription, ask, approved, removed, changed: Number(changed) }];
