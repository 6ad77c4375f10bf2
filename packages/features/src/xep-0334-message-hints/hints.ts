import { HINT } from '@starling/contracts';
import { type ChildRef, NS as RFC, type Stanza } from '@starling/stanza';

export const NS = {
  hints: 'urn:xmpp:hints', // XEP-0334
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
  receipts: 'urn:xmpp:receipts', // XEP-0184
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
  markers: 'urn:xmpp:chat-markers:0', // XEP-0333
  conference: 'jabber:x:conference', // XEP-0249
  mucUser: 'http://jabber.org/protocol/muc#user', // XEP-0045
  retraction: 'urn:xmpp:message-retract:1', // XEP-0424
} as const;

/** What others have to know of a message without reading its XML (HINT). Of an error nothing: what it holds is another's (XEP-0334 §5). */
export function hintsOf(message: Stanza): number {
  if (message.type === 'error') return 0;
  let hints = 0;
  for (const child of message.children) hints |= hintOf(message, child);
  return hints;
}

function hintOf(message: Stanza, child: ChildRef): number {
  const { ns, name } = child;
  switch (ns) {
    case RFC.client:
      return name === 'body' ? HINT.body : 0;
    case NS.carbons:
      return name === 'private' ? HINT.noCopy : 0;
    case NS.hints:
      return name === 'no-copy' ? HINT.noCopy : 0;
    case NS.receipts:
    case NS.chatStates:
    case NS.markers:
      return HINT.conversation;
    case NS.conference:
      return name === 'x' ? HINT.invitation : 0;
    case NS.mucUser:
      return name === 'x' ? roomHint(message, child) : 0;
    case NS.retraction:
      return name === 'retract' ? HINT.retraction : 0;
    default:
      return 0;
  }
}

/** A mediated invitation, on its way to the room and from it (XEP-0045 §7.8.2), or what marks private messages (§7.5). */
function roomHint(message: Stanza, child: ChildRef): number {
  const isInvitation = message.element(child).children.some((c) => typeof c !== 'string' && c.name === 'invite');
  return isInvitation ? HINT.invitation : HINT.occupant;
}
