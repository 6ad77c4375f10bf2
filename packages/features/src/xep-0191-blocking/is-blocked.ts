import { type BareJid, bareOf, domainOf, type Jid } from '@starling/jid';

/**
 * What a block list may hold to block this address (§5): itself, its bare JID, its domain. `<domain/resource>` blocks only that address
 * itself, not `<user@domain/resource>`.
 */
export function addressesOf(jid: Jid): readonly string[] {
  return [...new Set<string>([jid, bareOf(jid), domainOf(jid)])];
}

/** A set of blocked JIDs, prepared. */
export type Blocked = ReadonlySet<string>;

/**
 * Whether an owner of this list has blocked the address. His own resources are never blocked (§4, note), nor is what has no
 * address: the server that speaks for itself.
 */
export function isBlocked(list: Blocked, jid: Jid | '', owner: BareJid): boolean {
  if (list.size === 0 || jid === '') return false;
  // Not by addressesOf: this is asked for every stanza of somebody who has blocked anybody.
  const bare = bareOf(jid);
  return bare !== owner && (list.has(jid) || list.has(bare) || list.has(domainOf(jid)));
}
