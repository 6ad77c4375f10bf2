import { escapeAttribute } from '@starling/xml';

/** Most start tags fit into it; it grows for one that does not. */
const KEPT_BYTES = 1024;

/** By its code: 1 for what stands between quotes as it is, in one byte (XML 1.0 §2.3). */
const PLAIN = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 0x20 && code < 0x7f && !'&<>\'"'.includes(String.fromCharCode(code)) ? 1 : 0,
);

const QUOTE = 0x22;

/**
 * Writes one start tag after another, byte by byte: a string would be put together, looked through by expressions and encoded for each
 * stanza on the road (docs/costs.md, gains).
 */
export class StartTag {
  #bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);
  #length = 0;

  /** Begins with `text`, which is ASCII. What was written before is gone. */
  begin(text: string): void {
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(KEPT_BYTES);
    this.#length = 0;
    this.text(text);
  }

  /** ASCII, as it is. */
  text(text: string): void {
    this.#needs(text.length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** `opening` is what stands before the value, with the quote. */
  attribute(opening: string, value: string): void {
    this.text(opening);
    this.#needs(value.length + 1);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (PLAIN[code] !== 1) {
        this.#escaped(value);
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** A new array: the tag, and what follows it. */
  followedBy(inner: Uint8Array, end: Uint8Array): Uint8Array {
    const length = this.#length;
    const whole = Buffer.allocUnsafe(length + inner.length + end.length);
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) whole[i] = bytes[i] as number;
    whole.set(inner, length);
    whole.set(end, length + inner.length);
    return whole;
  }

  #escaped(value: string): void {
    const escaped = Buffer.from(`${escapeAttribute(value)}"`);
    this.#needs(escaped.length);
    this.#bytes.set(escaped, this.#length);
    this.#length += escaped.length;
  }

  #needs(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
