import { createHash } from 'node:crypto';
import type { BareJid } from '@starling/jid';
import { TOKEN_BYTES_MAX } from './limits.ts';

// Readable in `nats sub`: what may stand in a NATS subject token stays, the rest is percent-encoded. '%' itself is encoded,
// and '=' can come from no JID, so that no two JIDs share a token and no readable token looks like a hash.
const SAFE = 1;
const DOT = 2;
/** By code: what stays, and the one that is common. */
const KIND_OF = Uint8Array.from({ length: 128 }, (_, code) => kindOf(String.fromCharCode(code)));
const LAST_ASCII = '\x7f';
const UNSAFE = /[^A-Za-z0-9@_-]/g;

/**
 * The bare JID as one token of a NATS subject: never '.', '*', '>', '$', space or empty; at most TOKEN_BYTES_MAX bytes.
 */
export function tokenOf(user: BareJid): string {
  const plain = plainToken(user);
  if (plain !== undefined && plain.length <= TOKEN_BYTES_MAX) return plain;
  const escaped = user
    .replace(UNSAFE, (c) => (c <= LAST_ASCII ? percent(c) : c))
    .replace(/\P{ASCII}+/gu, encodeURIComponent);
  return escaped.length <= TOKEN_BYTES_MAX ? escaped : `=${createHash('sha256').update(user).digest('base64url')}`;
}

/**
 * Without regular expressions, as this is done for every message: nearly all addresses have nothing but the dots of their domain to be
 * encoded. Undefined: there is more.
 */
function plainToken(user: string): string | undefined {
  let hasDot = false;
  for (let i = 0; i < user.length; i++) {
    const kind = KIND_OF[user.charCodeAt(i)];
    if (kind === DOT) hasDot = true;
    else if (kind !== SAFE) return undefined;
  }
  return hasDot ? user.replaceAll('.', '%2E') : user;
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function kindOf(character: string): number {
  if (character === '.') return DOT;
  return /[A-Za-z0-9@_-]/.test(character) ? SAFE : 0;
}
