import { SUBSCRIPTION, type Subscription } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { bareOf, tryParseJid } from '@starling/jid';
import { askersOf } from './askers.ts';
import { selectContact } from './sql/select-contact.ts';

const STRANGER = { exists: false, subscription: SUBSCRIPTION.none } as const;

/** What a user is to somebody who asks; one who has blocked him looks like one who is not there. */
export async function contactOf(
  db: Queryable,
  user: string,
  asker: string,
): Promise<{ readonly exists: boolean; readonly subscription: Subscription }> {
  const jid = tryParseJid(asker);
  if (jid === undefined) return STRANGER;
  const contact = await selectContact(db, user, bareOf(jid), askersOf(user, asker));
  return contact === undefined || contact.blocked ? STRANGER : { exists: true, subscription: contact.subscription };
}
