import { domainOf, tryParseJid } from '@starling/jid';
import type { Stanza } from '@starling/stanza';

export const NS = {
  stanzaId: 'urn:xmpp:sid:0', // XEP-0359
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
  mam: 'urn:xmpp:mam:2', // XEP-0313
  delay: 'urn:xmpp:delay', // XEP-0203
} as const;

/** Namespaces of what only servers add, so that the common stanza costs one look at each child's namespace. */
const SERVER_MADE: ReadonlySet<string> = new Set(Object.values(NS));

/**
 * The stanza without what a client must not claim in the server's name: stanza-ids of local addresses (XEP-0359 §6), carbons'
 * sent and received (XEP-0280 §11), MAM results (XEP-0313), delays stamped by a local domain. The same stanza when there is none.
 */
export function withoutForged(stanza: Stanza, domain: string): Stanza {
  if (!stanza.children.some((c) => SERVER_MADE.has(c.ns))) return stanza;
  return stanza.without((child) => {
    if (child.ns === NS.carbons) return child.name === 'sent' || child.name === 'received';
    if (child.ns === NS.mam) return child.name === 'result';
    if (child.ns === NS.stanzaId && child.name === 'stanza-id') return isLocal(stanza.element(child).attrs.by, domain);
    if (child.ns === NS.delay && child.name === 'delay') return isLocal(stanza.element(child).attrs.from, domain);
    return false;
  });
}

function isLocal(address: string | undefined, domain: string): boolean {
  const jid = tryParseJid(address ?? '');
  return jid !== undefined && domainOf(jid) === domain;
}
