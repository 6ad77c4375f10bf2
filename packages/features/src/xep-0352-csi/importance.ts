import type { Stanza } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = {
  csi: 'urn:xmpp:csi:0',
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
  forward: 'urn:xmpp:forward:0', // XEP-0297
  hints: 'urn:xmpp:hints', // XEP-0334
  stanzaId: 'urn:xmpp:sid:0', // XEP-0359
  delay: 'urn:xmpp:delay', // XEP-0203
} as const;

/** What is said about a message, and is none of its content. */
const ABOUT: ReadonlySet<string> = new Set([NS.chatStates, NS.carbons, NS.hints, NS.stanzaId, NS.delay]);

/**
 * Whether somebody who does not look at his client misses it (XEP-0352 §3.2): `now` with all that was held before; `hold` until then, and only
 * the newest of its sender; `never`.
 */
export type Importance = 'now' | 'hold' | 'never';

/** Of a stanza that is no entry of the user's log: those all matter. */
export function importanceOf(stanza: Stanza): Importance {
  if (stanza.kind === 'presence') return stanza.type === '' || stanza.type === 'unavailable' ? 'hold' : 'now';
  if (stanza.kind === 'iq' || stanza.type === 'error') return 'now';
  const copy = stanza.child(NS.carbons, 'received') ?? stanza.child(NS.carbons, 'sent');
  const children = copy === undefined ? stanza.children : (carried(copy) ?? NOTHING);
  return isChatState(children) ? 'never' : 'now';
}

interface Named {
  readonly ns: string;
  readonly name: string;
}

const NOTHING: readonly Named[] = [];

/** XEP-0085 §5.6: a chat state may come with the thread that it belongs to. */
function isChatState(children: readonly Named[]): boolean {
  let found = false;
  for (const { ns, name } of children) {
    if (ns === NS.chatStates) found = true;
    else if (!ABOUT.has(ns) && name !== 'thread') return false;
  }
  return found;
}

const elementsOf = (element: Element): readonly Element[] =>
  element.children.filter((child): child is Element => typeof child !== 'string');

/** What the message in a copy holds. */
function carried(copy: Element): readonly Named[] | undefined {
  const forwarded = elementsOf(copy).find(({ ns, name }) => ns === NS.forward && name === 'forwarded');
  const message = forwarded && elementsOf(forwarded).find(({ name }) => name === 'message');
  return message && elementsOf(message);
}
