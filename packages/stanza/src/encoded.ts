// Stanzas that stay as Stanza.encode has written them: the start tag, what stands in it, and one more child.

const [SPACE, QUOTE, SLASH, LESS, EQUALS, GREATER, I, D] = [0x20, 0x22, 0x2f, 0x3c, 0x3d, 0x3e, 0x69, 0x64] as const;
const EMPTY_END = Buffer.from('/>');
const NO_BYTES = new Uint8Array(0);

/** The id of a stanza, escaped as it is written: for comparing with others of the kind; '' when it has none. */
export function escapedIdOf(encoded: Uint8Array): string {
  let at = nameEnd(encoded);
  while (encoded[at] === SPACE) {
    const equals = encoded.indexOf(EQUALS, at);
    const end = encoded.indexOf(QUOTE, equals + 2);
    if (equals - at === 3 && encoded[at + 1] === I && encoded[at + 2] === D) return textOf(encoded, equals + 2, end);
    at = end + 1;
  }
  return '';
}

/** A copy of the start tag as a stanza without children; empty when there is none. */
export function startTagOf(encoded: Uint8Array): Uint8Array {
  let at = nameEnd(encoded);
  while (encoded[at] === SPACE) at = encoded.indexOf(QUOTE, encoded.indexOf(QUOTE, at) + 1) + 1;
  const isWhole = encoded[at] === SLASH || encoded[at] === GREATER;
  return isWhole ? Buffer.concat([encoded.subarray(0, at), EMPTY_END]) : NO_BYTES;
}

/** The stanza with one more child, given as XML, behind those it has. */
export function withChild(encoded: Uint8Array, xml: string): Uint8Array {
  const isEmpty = encoded[encoded.length - 2] === SLASH;
  if (!isEmpty) {
    const end = encoded.lastIndexOf(LESS);
    const childBytes = Buffer.byteLength(xml);
    const bytes = Buffer.allocUnsafe(encoded.length + childBytes);
    bytes.set(encoded, 0);
    bytes.write(xml, end);
    bytes.set(encoded.subarray(end), end + childBytes);
    return bytes;
  }
  const name = textOf(encoded, 1, nameEnd(encoded));
  return Buffer.concat([encoded.subarray(0, -2), Buffer.from(`>${xml}</${name}>`)]);
}

/** Where the first attribute, or what ends the start tag, begins. */
function nameEnd(encoded: Uint8Array): number {
  let at = 1;
  while (at < encoded.length && encoded[at] !== SPACE && encoded[at] !== SLASH && encoded[at] !== GREATER) at++;
  return at;
}

const textOf = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end);
