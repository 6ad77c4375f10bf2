import { StanzaError } from './errors.ts';
import { NS } from './ns.ts';
import type { Stanza } from './stanza.ts';

const MESSAGE_TYPES = ['chat', 'error', 'groupchat', 'headline', 'normal'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

// RFC 6121 §4.7.1; '' is available
const PRESENCE_TYPES: ReadonlySet<string> = new Set([
  '',
  'error',
  'probe',
  'subscribe',
  'subscribed',
  'unavailable',
  'unsubscribe',
  'unsubscribed',
]);

/** UTF-16 units. An id is echoed, remembered until it is answered, and sent on; of languages even the longest tags are much shorter. */
const ID_MAX = 1_024;
const LANG_MAX = 128;

/** The type of a message: one that is absent or unknown counts as normal (RFC 6121 §5.2.2). */
export function messageTypeOf({ type }: Stanza): MessageType {
  return MESSAGE_TYPES.find((t) => t === type) ?? 'normal';
}

/**
 * The rules of shape that a server checks of every stanza, whatever its payload means.
 * @throws StanzaError bad-request, policy-violation; not to be sent to the author of an error or a result (RFC 6120 §8.3.1)
 */
export function validateStanza(stanza: Stanza): void {
  if (stanza.id.length > ID_MAX || stanza.lang.length > LANG_MAX)
    throw new StanzaError('policy-violation', 'an id or a language of too many characters', { type: 'modify' });
  if (stanza.kind === 'iq') validateIq(stanza);
  else if (stanza.kind === 'presence' && !PRESENCE_TYPES.has(stanza.type))
    throw new StanzaError('bad-request', 'unknown type of presence');
}

/** RFC 6120 §8.2.3, rules 1, 2, 5, 6 and 7. */
function validateIq(iq: Stanza): void {
  if (iq.id === '') throw new StanzaError('bad-request', 'an iq needs an id');
  const count = iq.children.length;
  switch (iq.type) {
    case 'get':
    case 'set':
      if (count !== 1) throw new StanzaError('bad-request', 'a request has exactly one child');
      return;
    case 'result':
      if (count > 1) throw new StanzaError('bad-request', 'a result has one child at most');
      return;
    case 'error':
      if (!iq.has(NS.client, 'error')) throw new StanzaError('bad-request', 'an error without its condition');
      return;
    default:
      throw new StanzaError('bad-request', 'unknown type of iq');
  }
}
