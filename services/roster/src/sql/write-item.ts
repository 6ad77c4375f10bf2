import type { RosterItem } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** An item as version `number` of the roster has it; `removed` leaves a trace for differences. */
export async function writeItem(tx: Queryable, user: string, item: RosterItem, number: number): Promise<void> {
  await tx.query(
    `with bumped as (update account set roster_version = $9 where username = $1)
     insert into roster_item (username, jid, name, groups, subscription, ask, approved, removed, changed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (username, jid) do update set name = excluded.name, groups = excluded.groups,
       subscription = excluded.subscription, ask = excluded.ask, approved = excluded.approved, removed = excluded.removed,
       changed = excluded.changed`,
    [user, item.jid, item.name, item.groups, item.subscription, item.ask, item.approved, item.removed, number],
  );
}
