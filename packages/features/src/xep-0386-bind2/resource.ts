import { createHmac, randomBytes } from 'node:crypto';
import { type BareJid, JidError, prepareResource } from '@starling/jid';

/** Unlikely enough to be the same for two clients of one account. */
const RESOURCE_BYTES = 9;

/**
 * The resource of a client ("Resource identifier generation"): `tag/generated`, the same each time for the same client and tag, so that
 * a client that comes back takes the place of the session that it has lost. A client without an id gets a new one each time. Under a
 * key, as the id must not be exposed: who has seen a resource cannot try out ids.
 */
export function resourceFor(key: Uint8Array, user: BareJid, client: string, tag: string): string {
  const usable = isUsable(tag) ? tag : '';
  const generated =
    client === ''
      ? randomBytes(RESOURCE_BYTES)
      : createHmac('sha256', key).update([user, client, usable].join('\0')).digest().subarray(0, RESOURCE_BYTES);
  const id = generated.toString('base64url');
  return usable === '' ? id : `${usable}/${id}`;
}

/** What with the generated part is a resource (RFC 7622 §3.4); else the client gets one without its tag. */
function isUsable(tag: string): boolean {
  try {
    return tag !== '' && prepareResource(`${tag}/${'x'.repeat(RESOURCE_BYTES * 2)}`) !== '';
  } catch (error) {
    // Policy: it is the client's wish, no more.
    if (!(error instanceof JidError)) throw error;
    return false;
  }
}
