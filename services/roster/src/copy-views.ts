import type { AccountCopy, BlockList, CopiedItem, Subscription } from '@starling/contracts';
import { SUBSCRIPTION } from '@starling/contracts';
import type { StoredItem, StoredRoster } from './sql/select-rosters.ts';

/** The parts of a copy, as the statements that read them from the database give them; `undefined`: there is no such account. */

export function rosterOf(copy: AccountCopy | undefined): StoredRoster | undefined {
  if (!copy?.version) return undefined;
  const { version, pruned, items, requests } = copy;
  return {
    ...{ version, pruned },
    items: items.map(storedItem),
    requests: requests.length,
  };
}

// Field by field: what protobuf left out stands on the prototype, which a spread does not copy.
const storedItem = ({ item, changed }: CopiedItem): StoredItem => {
  const { jid, name, groups, subscription, ask, approved, removed } = item;
  return { jid, name, groups, subscription, ask, approved, removed, changed };
};

export function blocksOf(copy: AccountCopy | undefined): BlockList {
  return { version: copy?.blocksVersion ?? 0, jids: copy?.blocked ?? [], cleared: false };
}

/** What the account is to a contact, by his bare JID and by what may have been blocked of him. */
export function contactIn(
  copy: AccountCopy | undefined,
  contact: string,
  addresses: readonly string[],
): { readonly subscription: Subscription; readonly blocked: boolean } | undefined {
  if (copy === undefined) return undefined;
  const found = copy.items.find(({ item }) => item.jid === contact && !item.removed);
  return {
    subscription: found?.item.subscription ?? SUBSCRIPTION.none,
    blocked: addresses.some((address) => copy.blocked.includes(address)),
  };
}
