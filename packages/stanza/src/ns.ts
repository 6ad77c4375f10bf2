/** Namespaces of RFCs. Those of a XEP stand in the feature that speaks it. */
export const NS = {
  client: 'jabber:client', // RFC 6120 §4.8.3
  server: 'jabber:server',
  streams: 'http://etherx.jabber.org/streams', // RFC 6120 §4.8.1
  streamErrors: 'urn:ietf:params:xml:ns:xmpp-streams', // RFC 6120 §4.9
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas', // RFC 6120 §8.3
  tls: 'urn:ietf:params:xml:ns:xmpp-tls', // RFC 6120 §5
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl', // RFC 6120 §6
  bind: 'urn:ietf:params:xml:ns:xmpp-bind', // RFC 6120 §7
  session: 'urn:ietf:params:xml:ns:xmpp-session', // RFC 3921 §3
  roster: 'jabber:iq:roster', // RFC 6121 §2
  rosterVersioning: 'urn:xmpp:features:rosterver', // RFC 6121 §2.6
  preApproval: 'urn:xmpp:features:pre-approval', // RFC 6121 §3.4
  framing: 'urn:ietf:params:xml:ns:xmpp-framing', // RFC 7395 §3.3
  xml: 'http://www.w3.org/XML/1998/namespace',
} as const;
