import { setOwn } from './attributes.ts';
import { decodeCdata, decodeText, decodeValue } from './decode.ts';
import type { Element } from './element.ts';
import { NS_XML } from './ns.ts';
import { hashStep, intern } from './strings.ts';

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const COLON = 0x3a;
const EQUALS = 0x3d;
const AMP = 0x26;
const QUOT = 0x22;
const APOS = 0x27;
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
    const bytes = this.bytes;
    const outerDefault = this.defaultNs;
    const outerPrefixes = this.prefixes.length;

    let i = this.at + 1;
    let start = i;
    let prefix = '';
    let hash = 0;
    let c = bytes[i] as number;
    while (c !== GT && c !== SLASH && c > 0x20) {
      if (c === COLON) {
        prefix = intern(bytes, start, i, hash);
        start = i + 1;
        hash = 0;
      } else hash = hashStep(hash, c);
      c = bytes[++i] as number;
    }
    const name = intern(bytes, start, i, hash);
    this.at = i;
    const attrs = c === GT ? NO_ATTRIBUTES : this.attributes();
    const ns = prefix === '' ? this.defaultNs : this.resolve(prefix);
    const children: (Element | string)[] = [];
    if (bytes[this.at] === SLASH) this.at += 2;
    else {
      this.at++;
      this.content(children);
    }

    this.defaultNs = outerDefault;
    if (this.prefixes.length !== outerPrefixes) this.prefixes.length = this.uris.length = outerPrefixes;
    return { name, ns, attrs, children };
  }

  private content(children: (Element | string)[]): void {
    const bytes = this.bytes;
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
    const bytes = this.bytes;
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
    const bytes = this.bytes;
    let i = this.at;
    let attrs: Record<string, string> | undefined;
    let withPrefix: string[] | undefined;
    for (;;) {
      let c = bytes[i] as number;
      while (c <= 0x20) c = bytes[++i] as number;
      if (c === GT || c === SLASH) break;
      let start = i;
      let prefix = '';
      let hash = 0;
      while (c !== EQUALS && c > 0x20) {
        if (c === COLON) {
          prefix = intern(bytes, start, i, hash);
          start = i + 1;
          hash = 0;
        } else hash = hashStep(hash, c);
        c = bytes[++i] as number;
      }
      const local = intern(bytes, start, i, hash);
      while (c !== QUOT && c !== APOS) c = bytes[++i] as number;
      start = ++i;
      hash = 0;
      let encoded = false;
      for (let v = bytes[i] as number; v !== c; v = bytes[++i] as number) {
        if (v === AMP || v < 0x20) encoded = true;
        hash = hashStep(hash, v);
      }
      if (prefix === 'xmlns' || (prefix === '' && local === 'xmlns')) {
        const uri = encoded ? decodeValue(bytes, start, i) : intern(bytes, start, i, hash);
        this.declare(prefix === '' ? '' : local, uri);
      } else {
        const value = encoded ? decodeValue(bytes, start, i) : bytes.toString('utf8', start, i);
        if (prefix === '') {
          attrs ??= {};
          setOwn(attrs, local, value);
        } else if (prefix === 'xml') {
          attrs ??= {};
          setOwn(attrs, `xml:${local}`, value);
        } else {
          withPrefix ??= [];
          withPrefix.push(prefix, local, value);
        }
      }
      i++;
    }
    this.at = i;
    if (withPrefix === undefined) return attrs ?? NO_ATTRIBUTES;
    attrs ??= {};
    for (let k = 0; k < withPrefix.length; k += 3) {
      const uri = this.resolve(withPrefix[k] as string);
      setOwn(attrs, `{${uri}}${withPrefix[k + 1]}`, withPrefix[k + 2] as string);
    }
    return attrs;
  }

  private resolve(prefix: string): string {
    if (prefix === 'xml') return NS_XML;
    return this.uris[this.prefixes.lastIndexOf(prefix)] as string;
  }
}
