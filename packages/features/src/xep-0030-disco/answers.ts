import type { DiscoInfo } from '@starling/feature-api';
import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = {
  info: 'http://jabber.org/protocol/disco#info',
  items: 'http://jabber.org/protocol/disco#items',
} as const;

/** The answer to disco#info (§3.1): identities first, then features. */
export function infoElement({ identities, features }: DiscoInfo): Element {
  return el(
    'query',
    NS.info,
    {},
    ...identities.map(({ category, type, name }) =>
      el('identity', NS.info, name === undefined ? { category, type } : { category, type, name }),
    ),
    ...features.map((feature) => el('feature', NS.info, { var: feature })),
  );
}

/** The answer to disco#items (§4.1) of an entity without items: an empty list, with the node that was asked for (§4.2). */
export function itemsElement(node: string | undefined): Element {
  return el('query', NS.items, node === undefined ? {} : { node });
}
