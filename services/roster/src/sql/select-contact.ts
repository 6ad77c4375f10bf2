import type { Subscription } from '@starling/contracts';
import type { Queryable } from '@starling/db';

/** What an account is to a contact, by his bare JID and by what may have been blocked of him; undefined when there is no account. */
export async function selectContact(
  db: Queryable,
  user: string,
  contact: string,
  addresses: readonly string[],
): Promise<{ readonly subscription: Subscription; readonly blocked: boolean } | undefined> {
  const [row] = await db.query<{ subscription: Subscription | null; blocked: boolean | null }>(
    `select i.subscription, b.jids && $3::text[] as blocked from account a
      left join roster_item i on i.username = a.username and i.jid = $2 and not i.removed
      left join block_list b on b.username = a.username
      where a.username = $1`,
    [user, contact, addresses],
  );
  return row && { subscription: row.subscription ?? 0, blocked: row.blocked ?? false };
}
