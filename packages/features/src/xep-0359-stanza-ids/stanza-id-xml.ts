import type { BareJid } from '@starling/jid';
import { escapeAttribute } from '@starling/xml';

export const NS = { stanzaId: 'urn:xmpp:sid:0' } as const;

/** The id that an archive has given to a message; `id` has nothing to be escaped. */
export const stanzaIdXml = (by: BareJid, id: string): string =>
  `<stanza-id xmlns='${NS.stanzaId}' by='${escapeAttribute(by)}' id='${id}'/>`;
