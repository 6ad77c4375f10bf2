import { StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { private: 'jabber:iq:private' } as const;

/**
 * The one element that a get asks for (§3).
 * @throws StanzaError bad-request: none; not-acceptable: several, or one without a namespace of its own
 */
export function wantedElement(query: Element): Element {
  const [wanted, ...more] = childrenOf(query);
  if (wanted === undefined) throw new StanzaError('bad-request');
  if (more.length > 0) throw new StanzaError('not-acceptable');
  return wanted;
}

/**
 * The elements that a set wants kept (§3).
 * @throws StanzaError not-acceptable: none, or one without a namespace of its own
 */
export function storedElements(query: Element): readonly Element[] {
  const elements = childrenOf(query);
  if (elements.length === 0) throw new StanzaError('not-acceptable');
  return elements;
}

function childrenOf(query: Element): readonly Element[] {
  const children = query.children.filter((c): c is Element => typeof c !== 'string');
  if (children.some((c) => c.ns === '' || c.ns === query.ns)) throw new StanzaError('not-acceptable');
  return children;
}
