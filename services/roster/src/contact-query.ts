import { SUBSCRIPTION, type Subscription } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { bareOf, tryParseJid } from '@starling/jid';
import type { AccountCopies } from './account-copies.ts';
import { askersOf } from './askers.ts';
import { contactIn } from './copy-views.ts';
import { selectContact } from './sql/select-contact.ts';

const STRANGER = { exists: false, subscription: SUBSCRIPTION.none } as const;

/** What a user is to somebody who asks; one who has blocked him looks like one who is not there. */
export async function contactOf(
  { db, copies }: { readonly db: Queryable; readonly copies: AccountCopies },
  user: string,
  asker: string,
): Promise<{ readonly exists: boolean; readonly subscription: Subscription }> {
  const jid = tryParseJid(asker);
  if (jid === undefined) return STRANGER;
  const bare = bareOf(jid);
  const addresses = askersOf(user, asker);
  const contact = await copies.orCopy(
    user,
    () => selectContact(db, user, bare, addresses),
    (copy) => contactIn(copy, bare, addresses),
  );
  return contact === undefined || contact.blocked ? STRANGER : { exists: true, subscription: contact.subscription };
}
