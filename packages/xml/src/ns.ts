/** Bound to the prefix `xml`, always (XML-NAMES §3). */
export const NS_XML = 'http://www.w3.org/XML/1998/namespace';
/** Bound to the prefix `xmlns`, which nobody may use for anything else. */
export const NS_XMLNS = 'http://www.w3.org/2000/xmlns/';
/** Content namespaces of XMPP (RFC 6120 §4.8.3). */
export const NS_CLIENT = 'jabber:client';
export const NS_SERVER = 'jabber:server';
