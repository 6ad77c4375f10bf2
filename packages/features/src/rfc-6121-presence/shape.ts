import { NS, type Stanza, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

/** RFC 6121 §4.7.2.1. */
const SHOWS: ReadonlySet<string> = new Set(['away', 'chat', 'dnd', 'xa']);
/** The children of jabber:client that the RFC gives rules for; most presence has one of them at most. */
const RULED: ReadonlySet<string> = new Set(['show', 'status']);

/**
 * The rules of RFC 6121 §4.7.2 for what a client says of its availability; the priority is priorityOf's.
 * @throws StanzaError bad-request
 */
export function validateShape(presence: Stanza): void {
  const ruled = presence.children.filter((c) => c.ns === NS.client && RULED.has(c.name));
  if (ruled.length === 0) return;
  const elements = ruled.map((ref) => presence.element(ref));
  if (elements.some((e) => e.children.some((c) => typeof c !== 'string')))
    throw new StanzaError('bad-request', 'show and status hold text only');
  const shows = elements.filter((e) => e.name === 'show');
  if (shows.length > 1) throw new StanzaError('bad-request', 'more than one show');
  if (shows.some((show) => !SHOWS.has(textOf(show)))) throw new StanzaError('bad-request', 'unknown show');
  // §4.7.2.2: several only in several languages.
  const languages = elements.filter((e) => e.name === 'status').map((e) => e.attrs['xml:lang'] ?? presence.lang);
  if (new Set(languages).size < languages.length) throw new StanzaError('bad-request', 'two status in one language');
}

const textOf = (element: Element): string => element.children.filter((c) => typeof c === 'string').join('');
