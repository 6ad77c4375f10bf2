export const NS = { sasl2: 'urn:xmpp:sasl:2' } as const;
