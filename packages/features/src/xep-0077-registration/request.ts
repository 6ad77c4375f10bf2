import { type BareJid, makeBareJid } from '@starling/jid';
import { StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';

export const NS = {
  register: 'jabber:iq:register',
  streamFeature: 'http://jabber.org/features/iq-register',
} as const;

export interface Credentials {
  readonly kind: 'credentials';
  readonly user: BareJid;
  readonly password: string;
}
export type RegistrationRequest = Credentials | { readonly kind: 'remove' };

/**
 * What an IQ set of jabber:iq:register asks for.
 * @throws StanzaError bad-request (remove is not alone), not-acceptable (a field is missing or empty), jid-malformed
 */
export function parseRegistration(query: Element, domain: string): RegistrationRequest {
  const fields = query.children.filter((c): c is Element => typeof c !== 'string' && c.ns === NS.register);
  if (fields.some((f) => f.name === 'remove')) {
    if (fields.length > 1) throw new StanzaError('bad-request');
    return { kind: 'remove' };
  }
  const username = textOf(fields, 'username');
  const password = textOf(fields, 'password');
  if (username === '' || password === '') throw new StanzaError('not-acceptable');
  return { kind: 'credentials', user: accountOf(username, domain), password };
}

function accountOf(username: string, domain: string): BareJid {
  try {
    return makeBareJid(username, domain);
  } catch (cause) {
    // JidError: a name that cannot be a localpart is the client's mistake, whatever is wrong with it.
    throw new StanzaError('jid-malformed', '', { cause });
  }
}

function textOf(fields: readonly Element[], name: string): string {
  const field = fields.find((f) => f.name === name);
  return field === undefined ? '' : field.children.filter((c) => typeof c === 'string').join('');
}
