import { type Jid, JidError, parseJid } from '@starling/jid';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = { blocking: 'urn:xmpp:blocking', errors: 'urn:xmpp:blocking:errors' } as const;

/** §3.3: the user writes to somebody whom he has blocked; with the type of the example there. */
export const blockedError = (): StanzaError =>
  new StanzaError('not-acceptable', '', { type: 'cancel', app: el('blocked', NS.errors) });

/**
 * The addresses of a block or unblock (§3.3, §3.4), prepared.
 * @throws StanzaError bad-request: an item without an address; jid-malformed
 */
export function itemsOf(request: Element): readonly Jid[] {
  return request.children
    .filter((c): c is Element => typeof c !== 'string' && c.ns === NS.blocking && c.name === 'item')
    .map(({ attrs: { jid } }) => {
      if (jid === undefined) throw new StanzaError('bad-request', 'an item without a JID');
      return readJid(jid);
    });
}

function readJid(text: string): Jid {
  try {
    return parseJid(text);
  } catch (cause) {
    if (!(cause instanceof JidError)) throw cause;
    throw new StanzaError('jid-malformed', cause.reason, { cause });
  }
}

/** `<blocklist/>`, `<block/>` or `<unblock/>` with these addresses. */
export function blockingElement(name: 'blocklist' | 'block' | 'unblock', jids: Iterable<string>): Element {
  return el(name, NS.blocking, {}, ...[...jids].map((jid) => el('item', NS.blocking, { jid })));
}
