import { setOwn } from './attributes.ts';
import { decodeCdata, decodeText, decodeValue } from './decode.ts';
import type { Element } from './element.ts';
import { NS_XML } from './ns.ts';
import { hashOf, intern } from './strings.ts';

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const COLON = 0x3a;
const EQUALS = 0x3d;
const AMP = 0x26;
const CR = 0x0d;
const BANG = 0x21;
/** `<![CDATA[` and `]]>`. */
const CDATA_OPEN_BYTES = 9;
const CDATA_CLOSE_BYTES = 3;

const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});

/** Builds the tree of one element that a scanner has accepted: nothing is checked again, what is malformed gives nonsense. */
export class TreeBuilder {
  private readonly bytes: Buffer;
  private at: number;
  private readonly prefixes: string[] = [];
  private readonly uris: string[] = [];
  private defaultNs = '';

  /**
   * @param start where the element's '<' is
   * @param scope namespaces in force around it
   */
  constructor(bytes: Buffer, start: number, scope: Readonly<Record<string, string>>) {
    this.bytes = bytes;
    this.at = start;
    for (const prefix of Object.keys(scope)) this.declare(prefix, scope[prefix] as string);
  }

  private declare(prefix: string, uri: string): void {
    if (prefix === '') this.defaultNs = uri;
    else {
      this.prefixes.push(prefix);
      this.uris.push(uri);
    }
  }

  /** The element at which the builder stands; it stands behind it afterwards. The scanner's limit on depth bounds the recursion. */
  element(): Element {
    const { bytes } = this;
    const outerDefault = this.defaultNs;
    const outerPrefixes = this.prefixes.length;

    let i = this.at + 1;
    const nameStart = i;
    let colon = -1;
    let c = bytes[i] as number;
    while (c !== GT && c !== SLASH && c > 0x20) {
      if (c === COLON) colon = i;
      c = bytes[++i] as number;
    }
    const nameEnd = i;
    this.at = i;
    const attrs = c === GT ? NO_ATTRIBUTES : this.attributes();
    const ns = colon < 0 ? this.defaultNs : this.resolve(this.name(nameStart, colon));
    const name = this.name(colon < 0 ? nameStart : colon + 1, nameEnd);
    const children: (Element | string)[] = [];
    if (bytes[this.at] === SLASH) this.at += 2;
    else {
      this.at++;
      this.content(children);
    }

    this.defaultNs = outerDefault;
    this.prefixes.length = this.uris.length = outerPrefixes;
    return { name, ns, attrs, children };
  }

  private content(children: (Element | string)[]): void {
    const { bytes } = this;
    let text = '';
    for (;;) {
      text += this.text();
      const next = bytes[this.at + 1];
      if (next === BANG) {
        const end = bytes.indexOf(']]>', this.at);
        text += decodeCdata(bytes, this.at + CDATA_OPEN_BYTES, end);
        this.at = end + CDATA_CLOSE_BYTES;
        continue;
      }
      if (text !== '') {
        children.push(text);
        text = '';
      }
      if (next === SLASH) break;
      children.push(this.element());
    }
    let i = this.at;
    while (bytes[i] !== GT) i++;
    this.at = i + 1;
  }

  private text(): string {
    const { bytes } = this;
    const start = this.at;
    let i = start;
    let encoded = false;
    for (;;) {
      const c = bytes[i] as number;
      if (c === LT) break;
      if (c === AMP || c === CR) encoded = true;
      i++;
    }
    this.at = i;
    if (i === start) return '';
    return encoded ? decodeText(bytes, start, i) : bytes.toString('utf8', start, i);
  }

  /** Behind the tag's name; stands at '>' or '/' afterwards. Declarations take effect first: they may follow their use. */
  private attributes(): Readonly<Record<string, string>> {
    const { bytes } = this;
    let i = this.at;
    let found: number[] | undefined;
    for (;;) {
      let c = bytes[i] as number;
      while (c <= 0x20) c = bytes[++i] as number;
      if (c === GT || c === SLASH) break;
      const nameStart = i;
      let colon = -1;
      while (c !== EQUALS && c > 0x20) {
        if (c === COLON) colon = i;
        c = bytes[++i] as number;
      }
      const nameEnd = i;
      while (c !== 0x22 && c !== 0x27) c = bytes[++i] as number;
      const valueStart = ++i;
      let encoded = 0;
      for (;;) {
        const v = bytes[i] as number;
        if (v === c) break;
        if (v === AMP || v < 0x20) encoded = 1;
        i++;
      }
      const first = this.name(nameStart, colon < 0 ? nameEnd : colon);
      if (first === 'xmlns') {
        const uri = encoded === 1 ? decodeValue(bytes, valueStart, i) : this.name(valueStart, i);
        this.declare(colon < 0 ? '' : this.name(colon + 1, nameEnd), uri);
      } else {
        found ??= [];
        found.push(nameStart, colon, nameEnd, valueStart, i, encoded);
      }
      i++;
    }
    this.at = i;
    if (found === undefined) return NO_ATTRIBUTES;
    const attrs: Record<string, string> = {};
    for (let k = 0; k < found.length; k += 6) {
      const nameStart = found[k] as number;
      const colon = found[k + 1] as number;
      const valueStart = found[k + 3] as number;
      const valueEnd = found[k + 4] as number;
      const local = this.name(colon < 0 ? nameStart : colon + 1, found[k + 2] as number);
      let key = local;
      if (colon >= 0) {
        const uri = this.resolve(this.name(nameStart, colon));
        key = uri === NS_XML ? `xml:${local}` : `{${uri}}${local}`;
      }
      setOwn(
        attrs,
        key,
        found[k + 5] === 1 ? decodeValue(bytes, valueStart, valueEnd) : bytes.toString('utf8', valueStart, valueEnd),
      );
    }
    return attrs;
  }

  private name(start: number, end: number): string {
    return intern(this.bytes, start, end, hashOf(this.bytes, start, end));
  }

  private resolve(prefix: string): string {
    if (prefix === 'xml') return NS_XML;
    return this.uris[this.prefixes.lastIndexOf(prefix)] as string;
  }
}
