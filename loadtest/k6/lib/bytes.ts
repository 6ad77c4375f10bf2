/** Of a buffer of its own, as WebCrypto wants them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** k6 has no TextEncoder: UTF-8 by hand. */
export function utf8(text: string): Bytes {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 0x3f));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
  }
  return Uint8Array.from(bytes);
}

/** What SCRAM exchanges is ASCII but for the user's name, which the server does not send back. */
export function ascii(bytes: Bytes): string {
  return String.fromCharCode(...bytes);
}
