// The fast path: most addresses are plain lower-case ASCII that preparation would leave as it is. It runs on every stanza,
// hence character codes and tables instead of expressions. "No" only means that the long way has to decide.

/** Bytes of a localpart, a domainpart, a resourcepart (RFC 7622 §3.1). */
export const PART_BYTES_MAX = 1023;
/** Bytes of a label and of a name in the DNS (RFC 1034 §3.1). */
const LABEL_BYTES_MAX = 63;
const DOMAIN_BYTES_MAX = 253;

const DOT = 0x2e;
const HYPHEN = 0x2d;
const LOCAL = 1;
const LABEL = 2;

const PLAIN = new Uint8Array(128);
for (let code = 0x21; code <= 0x7e; code++) {
  const isUpper = code >= 0x41 && code <= 0x5a;
  // RFC 7622 §3.3.1, characters excluded from localparts.
  if (!isUpper && !'"&\'/:<>@'.includes(String.fromCharCode(code))) PLAIN[code] = LOCAL;
}
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789') PLAIN[char.charCodeAt(0)] = LOCAL | LABEL;

/** Whether text[start, end) is a localpart that preparation would not change. */
export function isPlainLocal(text: string, start: number, end: number): boolean {
  if (start >= end || end - start > PART_BYTES_MAX) return false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e || ((PLAIN[code] as number) & LOCAL) === 0) return false;
  }
  return true;
}

/** Whether text[start, end) is a domainpart that preparation would not change: NR-LDH labels (RFC 5890 §2.3.1). */
export function isPlainDomain(text: string, start: number, end: number): boolean {
  if (start >= end || end - start > DOMAIN_BYTES_MAX) return false;
  let labelStart = start;
  let isInside = false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7e) return false;
    if (((PLAIN[code] as number) & LABEL) !== 0) {
      isInside = true;
      continue;
    }
    // Two in a row: an empty label, a label with a hyphen at its edge, or perhaps an A-label ("xn--").
    if (!isInside || (code !== DOT && code !== HYPHEN)) return false;
    isInside = false;
    if (code === DOT) {
      if (i - labelStart > LABEL_BYTES_MAX) return false;
      labelStart = i + 1;
    }
  }
  return isInside && end - labelStart <= LABEL_BYTES_MAX;
}

/** Whether text[start, end) is a resourcepart that preparation would not change. */
export function isPlainResource(text: string, start: number, end: number): boolean {
  if (start >= end || end - start > PART_BYTES_MAX) return false;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
