/** Base64url; those that edges give have 12. */
const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * Whether it may be the id of a session. A client names the session that it wants to go on with (XEP-0198 §5, `previd`), and what it names
 * becomes a part of the subject of a record.
 */
export const isSessionId = (text: string): boolean => SESSION_ID.test(text);
