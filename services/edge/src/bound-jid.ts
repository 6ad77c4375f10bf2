import { randomBytes } from 'node:crypto';
import { type BareJid, type FullJid, JidError, makeFullJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';

const RESOURCE_BYTES = 9;

/** The address of a session with the resource that its client wants; '' = whichever. @throws StanzaError bad-request */
export function boundJid(user: BareJid, resource: string): FullJid {
  try {
    return makeFullJid(user, resource === '' ? randomBytes(RESOURCE_BYTES).toString('base64url') : resource);
  } catch (error) {
    if (!(error instanceof JidError)) throw error;
    throw new StanzaError('bad-request', 'resource', { cause: error }); // RFC 6120 §7.7.2.1
  }
}
