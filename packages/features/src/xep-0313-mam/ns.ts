export const NS = {
  mam: 'urn:xmpp:mam:2',
  extended: 'urn:xmpp:mam:2#extended',
  groupchatField: 'urn:xmpp:mam:2#groupchat-field',
  rsm: 'http://jabber.org/protocol/rsm', // XEP-0059
  form: 'jabber:x:data', // XEP-0004
  validate: 'http://jabber.org/protocol/xdata-validate', // XEP-0122
} as const;
