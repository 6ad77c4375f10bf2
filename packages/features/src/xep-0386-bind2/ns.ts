export const NS = { bind2: 'urn:xmpp:bind:0' } as const;
