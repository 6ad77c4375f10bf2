/** nats-server cuts off who sends a line of more than 4,096 bytes: it holds a subject, an inbox and two numbers. */
export const WORD_CHARS_MAX = 1_024;

/** Of printable ASCII without the space. */
export const FIRST_CHAR = 0x21;
export const LAST_CHAR = 0x7e;

/**
 * What is a subject, a key or an id stands between spaces in a line of the protocol, or in a header. Anything else than printable ASCII would
 * end it there, or, as its low byte, stand for something else: whoever could choose it would write lines of his own.
 * @throws TypeError
 */
export function requireWord(text: string): void {
  let isStrange = text.length === 0 || text.length > WORD_CHARS_MAX;
  for (let i = 0; i < text.length && !isStrange; i++) {
    const char = text.charCodeAt(i);
    isStrange = char < FIRST_CHAR || char > LAST_CHAR;
  }
  if (isStrange) throw new TypeError(`neither a subject nor an id: ${JSON.stringify(text.slice(0, 100))}`);
}
