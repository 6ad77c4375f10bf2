export const NS = { fast: 'urn:xmpp:fast:0' } as const;
