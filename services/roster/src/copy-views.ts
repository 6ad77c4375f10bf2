import {
  type AccountCopy,
  ARCHIVE_DEFAULT,
  type ArchivePreferences,
  type BlockList,
  type CopiedItem,
  SUBSCRIPTION,
  type Subscription,
} from '@starling/contracts';
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

/** Undefined when they were never changed. */
export function preferencesOf(copy: AccountCopy | undefined): ArchivePreferences | undefined {
  if (!copy?.preferences) return undefined;
  const { version, fallback, always, never } = copy.preferences;
  const isByRoster = fallback === ARCHIVE_DEFAULT.roster;
  const roster = isByRoster ? copy.items.filter(({ item }) => !item.removed).map(({ item }) => item.jid) : [];
  return { version, fallback, always, never, roster: roster.sort() };
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
