import type { Queryable } from '@starling/db';

/** Forgets all but the newest `keep` removed items; differences from before the newest forgotten one are then not known any more. */
export async function pruneTombstones(tx: Queryable, user: string, keep: number): Promise<void> {
  await tx.query(
    `with forgotten as (
       delete from roster_item where username = $1 and removed and changed <= (
         select changed from roster_item where username = $1 and removed order by changed desc offset $2 limit 1)
       returning changed)
     update account set roster_pruned = (select max(changed) from forgotten)
      where username = $1 and exists (select 1 from forgotten)`,
    [user, keep],
  );
}
