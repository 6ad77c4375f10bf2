import type { ImportedRequest, RosterItem } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** Whether the roster of this account, which the caller has locked, was never changed. */
export async function isRosterNew(tx: Queryable, user: string): Promise<boolean> {
  const rows = await tx.query(
    `select from account where username = $1 and roster_version = 0
       and not exists (select from roster_request r where r.username = $1)`,
    [user],
  );
  return rows.length > 0;
}

/** The items of a new roster: each makes a version. In the caller's transaction. */
export async function insertItems(tx: Queryable, user: string, items: readonly RosterItem[]): Promise<void> {
  // The groups as JSON: an array of arrays has to be a rectangle.
  await tx.query(
    `with item as (
       select * from unnest($2::text[], $3::text[], $4::text[], $5::int[], $6::boolean[], $7::boolean[])
         with ordinality as i (jid, name, groups, subscription, ask, approved, number)
     ), bumped as (
       update account set roster_version = (select count(*) from item) where username = $1
     )
     insert into roster_item (username, jid, name, groups, subscription, ask, approved, removed, changed)
       select $1, jid, name, array(select json_array_elements_text(groups::json)), subscription, ask, approved, false, number
       from item`,
    [
      user,
      items.map((i) => i.jid),
      items.map((i) => i.name),
      items.map((i) => JSON.stringify(i.groups)),
      items.map((i) => i.subscription),
      items.map((i) => i.ask),
      items.map((i) => i.approved),
    ],
  );
}

/** In the caller's transaction. */
export async function insertRequests(tx: Queryable, user: string, requests: readonly ImportedRequest[]): Promise<void> {
  await tx.query(
    `insert into roster_request (username, contact, stanza)
       select $1, contact, stanza from unnest($2::text[], $3::bytea[]) with ordinality as r (contact, stanza, number)
        order by number on conflict do nothing`,
    [user, requests.map((r) => r.contact), requests.map((r) => r.stanza)],
  );
}
