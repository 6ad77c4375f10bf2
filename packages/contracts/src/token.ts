import { createHash } from 'node:crypto';
import type { BareJid } from '@starling/jid';
import { TOKEN_BYTES_MAX } from './limits.ts';

// Readable in `nats sub`: what may stand in a NATS subject token stays, the rest is percent-encoded. '%' itself is encoded,
// and '=' can come from no JID, so that no two JIDs share a token and no readable token looks like a hash.
const PLAIN = /^[a-z0-9@_-]+$/;
const LAST_ASCII = '\x7f';
const UNSAFE = /[^A-Za-z0-9@_-]/g;

/**
 * The bare JID as one token of a NATS subject: never '.', '*', '>', '$', space or empty; at most TOKEN_BYTES_MAX bytes.
 */
export function tokenOf(user: BareJid): string {
  if (user.length <= TOKEN_BYTES_MAX && PLAIN.test(user)) return user;
  const escaped = user
    .replace(UNSAFE, (c) => (c <= LAST_ASCII ? percent(c) : c))
    .replace(/\P{ASCII}+/gu, encodeURIComponent);
  return escaped.length <= TOKEN_BYTES_MAX ? escaped : `=${createHash('sha256').update(user).digest('base64url')}`;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
