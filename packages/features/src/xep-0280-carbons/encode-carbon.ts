import type { BareJid, FullJid } from '@starling/jid';
import { encodeForwarding } from '@starling/stanza';
import { escapeAttribute } from '@starling/xml';

export const NS = { carbons: 'urn:xmpp:carbons:2', rules: 'urn:xmpp:carbons:rules:0' } as const;

/** Whether the user has sent the message or received it. */
export type Direction = 'sent' | 'received';

/** The copy of a message, as Stanza.encode gives both, for one session of a user (§7, §8): in his own name, with the type of the message. */
export function encodeCarbon(
  direction: Direction,
  user: BareJid,
  to: FullJid,
  type: string,
  message: Uint8Array,
): Uint8Array {
  const typed = type === '' ? '' : ` type="${escapeAttribute(type)}"`;
  const addressed = `<message to="${escapeAttribute(to)}" from="${escapeAttribute(user)}"${typed}>`;
  return encodeForwarding(`${addressed}<${direction} xmlns='${NS.carbons}'>`, message, `</${direction}></message>`);
}
