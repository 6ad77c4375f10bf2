/** XEP-0227 1.1 — Portable Import/Export Format for XMPP-IM Servers, and what stands in such a file. */
export const NS = {
  pie: 'urn:xmpp:pie:0',
  scram: 'urn:xmpp:pie:0#scram',
  archive: 'urn:xmpp:pie:0#mam',
  include: 'http://www.w3.org/2001/XInclude',
  roster: 'jabber:iq:roster',
  private: 'jabber:iq:private',
  privacy: 'jabber:iq:privacy', // XEP-0016
  vcard: 'vcard-temp',
  mam: 'urn:xmpp:mam:2',
  forward: 'urn:xmpp:forward:0',
  delay: 'urn:xmpp:delay',
  client: 'jabber:client',
} as const;
