import type { RosterItem, Subscription } from '@starling/contracts';
import type { Queryable, Row } from '@starling/db';

/** Whose roster, and which contact. */
export interface RelationKey {
  readonly user: string;
  readonly contact: string;
}

/** What a user has of a contact. */
export interface Relation extends RelationKey {
  readonly item: RosterItem | undefined;
  /** The contact's request waits for the user's answer. */
  readonly requested: boolean;
}

interface RelationRow extends Row {
  readonly username: string;
  readonly jid: string;
  /** Null where there is no item. */
  readonly name: string | null;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  readonly ask: boolean;
  readonly approved: boolean;
  readonly requested: boolean;
}

export async function selectRelations(tx: Queryable, keys: readonly RelationKey[]): Promise<readonly Relation[]> {
  const rows = await tx.query<RelationRow>(
    `select k.username, k.jid, i.name, i.groups, i.subscription, i.ask, i.approved, r.contact is not null as requested
       from unnest($1::text[], $2::text[]) as k (username, jid)
       left join roster_item i on i.username = k.username and i.jid = k.jid and not i.removed
       left join roster_request r on r.username = k.username and r.contact = k.jid`,
    [keys.map((k) => k.user), keys.map((k) => k.contact)],
  );
  return rows.map(({ username, jid, name, groups, subscription, ask, approved, requested }) => ({
    user: username,
    contact: jid,
    item: name === null ? undefined : { jid, name, groups, subscription, ask, approved, removed: false },
    requested,
  }));
}
