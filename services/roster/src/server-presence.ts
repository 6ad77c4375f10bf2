import { randomBytes } from 'node:crypto';
import type { SubscriptionType } from '@starling/features/rfc-6121-subscription/transition';
import type { BareJid } from '@starling/jid';
import { Stanza } from '@starling/stanza';

const ID_BYTES = 9;

/** A stanza about a subscription that the server sends in a user's name: both addresses bare (RFC 6121 §3). */
export function serverPresence(type: SubscriptionType, from: string, to: string): Uint8Array {
  const id = randomBytes(ID_BYTES).toString('base64url');
  return Stanza.build('presence', { type, id, from: from as BareJid, to: to as BareJid }).encode();
}
