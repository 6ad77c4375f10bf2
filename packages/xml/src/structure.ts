import { setOwn } from './attributes.ts';
import { decodeValue } from './decode.ts';
import type { ScanLimits } from './limits.ts';
import { NS_CLIENT, NS_SERVER, NS_XML, NS_XMLNS } from './ns.ts';
import type { Scanned, ScannedChild, StreamHead } from './scanned.ts';
import { ascii, hashOf, intern, internValue } from './strings.ts';
import { XmlError } from './xml-error.ts';

type Scope = Readonly<Record<string, string>>;

/** Structures that nobody reads with: a scanner needs one only within an element, and there are many more scanners. */
const free: Structure[] = [];
const FREE_MAX = 64;

/** A structure that stands in front of an element, or of a stream. */
export function takeStructure(limits: ScanLimits, scope: Scope): Structure {
  const structure = free.pop();
  if (structure === undefined) return new Structure(limits, scope);
  structure.takeUp(limits, scope);
  return structure;
}

/** Only one that stands between two elements: not one that a failure has left somewhere. */
export function giveBack(structure: Structure): void {
  if (free.length < FREE_MAX) free.push(structure);
}

const NOTHING: Scope = Object.freeze({});
/** What nearly every stanza of a WebSocket declares, and nothing else (RFC 7395 §3.3). */
const CLIENT_SCOPE: Scope = Object.freeze({ '': NS_CLIENT });
const NO_CHILDREN: ScannedChild[] = [];

/** How an attribute's value has to be read. */
export const VALUE_ASCII = 0;
/** Holds a reference, or white space that normalisation changes. */
export const VALUE_ENCODED = 1;
export const VALUE_UTF8 = 2;

// What a value is: as good as never read again, an address or a type, or a namespace.
const UNIQUE = 0;
const REPEATED = 1;
const NAMESPACE = 2;

/** What the last stream declared. Most clients declare the same, and share it. */
let lastStreamScope: Scope = NOTHING;

function sharedScope(scope: Scope): Scope {
  if (!isSameScope(scope, lastStreamScope)) lastStreamScope = scope;
  return lastStreamScope;
}

function isSameScope(one: Scope, other: Scope): boolean {
  const prefixes = Object.keys(one);
  return prefixes.length === Object.keys(other).length && prefixes.every((prefix) => one[prefix] === other[prefix]);
}

// Numbers of an attribute, and of an open element, in a flat array: no object is made for what nobody asks for.
const ATTRIBUTE = 8;
const FRAME = 3;

/**
 * The elements around the point that the scanner has reached: names, attributes and namespaces, which make XML well-formed
 * beyond its characters (XML-NAMES §7). Positions count from the first byte of the stanza; `base` is where that byte is in `bytes`.
 */
export class Structure {
  /** Open elements of the stanza; the stream itself is not counted. */
  depth = 0;
  /** Where the name of the tag that is being read is; `nameColon` is negative when it has no prefix. */
  nameStart = 0;
  nameColon = -1;
  nameEnd = 0;
  nameHash = 0;
  prefixHash = 0;

  /** What is in force around a stanza: given, or what the open stream declares. */
  outerScope: Scope;

  private limits: ScanLimits;
  private readonly attributes: number[] = [];
  private readonly attributeUris: string[] = [];
  private attributeCount = 0;
  private attributesWithPrefix = 0;

  private readonly frames: number[] = [];
  private readonly defaults: string[] = [];
  private readonly prefixes: string[] = [];
  private readonly uris: string[] = [];
  private prefixCount = 0;
  private defaultNs = '';

  private name = '';
  private ns = '';
  private attrs: Scope = NOTHING;
  private scope: Scope = NOTHING;
  private children: ScannedChild[] = NO_CHILDREN;
  private innerStart = 0;
  private innerEnd = 0;
  private inheritsOwnNs = false;

  private childName = '';
  private childNs = '';
  private childStart = 0;
  private childPrefixes = 0;
  private childIsSelfContained = false;

  constructor(limits: ScanLimits, scope: Scope) {
    this.limits = limits;
    this.outerScope = scope;
    this.bind(scope);
  }

  /** As reset, of one that stands between two elements: where that is in the same scope, there is nothing to forget. */
  takeUp(limits: ScanLimits, scope: Scope): void {
    if (scope === this.outerScope) this.limits = limits;
    else this.reset(limits, scope);
  }

  /** Forgets everything but what is given. */
  reset(limits: ScanLimits, scope: Scope): void {
    this.limits = limits;
    this.depth = 0;
    this.forgetAttributes();
    this.prefixCount = 0;
    this.defaultNs = '';
    this.outerScope = scope;
    this.bind(scope);
  }

  private bind(scope: Scope): void {
    for (const prefix of Object.keys(scope)) {
      const uri = scope[prefix] as string;
      if (prefix === '') this.defaultNs = uri;
      else {
        this.prefixes[this.prefixCount] = prefix;
        this.uris[this.prefixCount++] = uri;
      }
    }
  }

  /** Notes one attribute of the tag that is being read. */
  addAttribute(
    nameStart: number,
    colon: number,
    nameEnd: number,
    hash: number,
    prefixHash: number,
    valueStart: number,
    valueEnd: number,
    form: number,
  ): void {
    const count = this.attributeCount;
    if (count === this.limits.attributes) throw new XmlError('policy-violation', 'too many attributes', 'attributes');
    const a = this.attributes;
    const at = count * ATTRIBUTE;
    a[at] = nameStart;
    a[at + 1] = colon;
    a[at + 2] = nameEnd;
    a[at + 3] = hash;
    a[at + 4] = prefixHash;
    a[at + 5] = valueStart;
    a[at + 6] = valueEnd;
    a[at + 7] = form;
    this.attributeCount = count + 1;
  }

  /** The start tag of the stream is complete: what it declares holds for every stanza. */
  openStream(bytes: Buffer, base: number): StreamHead {
    if (this.attributeCount > 0) this.readDeclarations(bytes, base);
    const ns = this.elementNs(bytes, base);
    const name = this.localName(bytes, base);
    if (this.attributesWithPrefix > 0) this.expandAttributes(bytes, base);
    const attrs = this.readAttributes(bytes, base);
    this.outerScope = sharedScope(this.currentScope());
    this.forgetAttributes();
    return { name, ns, attrs, scope: this.outerScope };
  }

  /** The start tag from `tagStart` to `tagEnd` is complete. */
  open(bytes: Buffer, base: number, tagStart: number, tagEnd: number): void {
    const depth = this.depth;
    if (depth === this.limits.depth) throw new XmlError('policy-violation', 'elements nested too deeply', 'depth');
    const frame = depth * FRAME;
    this.frames[frame] = this.nameStart;
    this.frames[frame + 1] = this.nameEnd;
    this.frames[frame + 2] = this.prefixCount;
    this.defaults[depth] = this.defaultNs;
    if (depth === 1) {
      this.childStart = tagStart;
      this.childPrefixes = this.prefixCount;
      this.childIsSelfContained = this.inheritsOwnNs;
    }
    let declared = false;
    if (this.attributeCount > 0) declared = this.readDeclarations(bytes, base);
    if (depth > 1) {
      if (this.nameColon >= 0) this.elementNs(bytes, base);
    } else {
      const ns = this.elementNs(bytes, base);
      const name = this.localName(bytes, base);
      if (depth === 1) {
        this.childName = name;
        this.childNs = ns;
      } else {
        this.name = name;
        this.ns = ns;
        this.innerStart = tagEnd;
        this.inheritsOwnNs = this.defaultNs === ns;
      }
    }
    if (this.attributesWithPrefix > 0) this.expandAttributes(bytes, base);
    if (depth === 0) {
      this.attrs = this.readAttributes(bytes, base);
      this.scope = declared ? this.currentScope() : this.outerScope;
      this.children = [];
    }
    this.forgetAttributes();
    this.depth = depth + 1;
  }

  /** Where the name of the innermost element was read: an end tag has to repeat it. */
  openNameStart(): number {
    return this.frames[(this.depth - 1) * FRAME] as number;
  }

  openNameEnd(): number {
    return this.frames[(this.depth - 1) * FRAME + 1] as number;
  }

  /** The innermost element has ended; its end tag, or its only tag, is `tagStart` to `tagEnd`. Returns the depth that is left. */
  close(tagStart: number, tagEnd: number): number {
    const depth = --this.depth;
    const prefixCount = this.frames[depth * FRAME + 2] as number;
    if (prefixCount !== this.prefixCount) {
      this.prefixCount = prefixCount;
      this.prefixes.length = this.uris.length = prefixCount;
    }
    this.defaultNs = this.defaults[depth] as string;
    this.defaults[depth] = '';
    if (depth === 1) {
      this.children.push({
        name: this.childName,
        ns: this.childNs,
        start: this.childStart,
        end: tagEnd,
        selfContained: this.childIsSelfContained,
      });
    } else if (depth === 0) this.innerEnd = tagStart;
    return depth;
  }

  /** The stanza that has just been closed, and whose bytes these are. */
  take(bytes: Uint8Array): Scanned {
    const stanza = {
      name: this.name,
      ns: this.ns,
      attrs: this.attrs,
      bytes,
      children: this.children,
      innerStart: this.innerStart,
      innerEnd: Math.max(this.innerStart, this.innerEnd),
      scope: this.scope,
    };
    // A peer that is silent from now on shall not keep its last stanza in memory, nor a long namespace of it.
    this.attrs = NOTHING;
    this.children = NO_CHILDREN;
    this.scope = this.outerScope;
    this.ns = this.childNs = '';
    return stanza;
  }

  private forgetAttributes(): void {
    this.attributeCount = 0;
    if (this.attributesWithPrefix === 0) return;
    this.attributesWithPrefix = 0;
    this.attributeUris.length = 0;
  }

  private localName(bytes: Buffer, base: number): string {
    const start = this.nameColon < 0 ? this.nameStart : this.nameColon + 1;
    return intern(bytes, base + start, base + this.nameEnd, this.nameHash);
  }

  private elementNs(bytes: Buffer, base: number): string {
    const colon = this.nameColon;
    if (colon < 0) return this.defaultNs;
    const ns = this.resolve(intern(bytes, base + this.nameStart, base + colon, this.prefixHash));
    // RFC 6120 §4.8.5: nobody may generate such a prefix, and a server must not route it.
    if (ns === NS_CLIENT || ns === NS_SERVER) {
      throw new XmlError('bad-namespace-prefix', 'a prefix on an element of the content namespace');
    }
    return ns;
  }

  private resolve(prefix: string): string {
    for (let k = this.prefixCount - 1; k >= 0; k--) {
      if (this.prefixes[k] === prefix) {
        if (k < this.childPrefixes) this.childIsSelfContained = false;
        return this.uris[k] as string;
      }
    }
    if (prefix === 'xml') return NS_XML;
    throw new XmlError('not-well-formed', 'a prefix that is not declared');
  }

  /** Attribute names are compared as they were written, and namespace declarations take effect. Returns whether there were any. */
  private readDeclarations(bytes: Buffer, base: number): boolean {
    const a = this.attributes;
    const end = this.attributeCount * ATTRIBUTE;
    let declared = false;
    this.attributesWithPrefix = 0;
    for (let k = 0; k < end; k += ATTRIBUTE) {
      const start = a[k] as number;
      const colon = a[k + 1] as number;
      for (let j = 0; j < k; j += ATTRIBUTE) {
        if (a[j + 3] === a[k + 3] && this.sameName(bytes, base, j, k)) {
          throw new XmlError('not-well-formed', 'an attribute given twice');
        }
      }
      const first = base + start;
      const length = (colon < 0 ? (a[k + 2] as number) : colon) - start;
      if (
        length === 5 &&
        bytes[first] === 0x78 &&
        bytes[first + 1] === 0x6d &&
        bytes[first + 2] === 0x6c &&
        bytes[first + 3] === 0x6e &&
        bytes[first + 4] === 0x73
      ) {
        this.declare(bytes, base, k);
        a[k + 7] = -1;
        declared = true;
      } else if (colon >= 0) this.attributesWithPrefix++;
    }
    return declared;
  }

  private sameName(bytes: Buffer, base: number, j: number, k: number): boolean {
    const a = this.attributes;
    const one = base + (a[j] as number);
    const other = base + (a[k] as number);
    const length = (a[j + 2] as number) - (a[j] as number);
    if ((a[k + 2] as number) - (a[k] as number) !== length) return false;
    for (let n = 0; n < length; n++) if (bytes[one + n] !== bytes[other + n]) return false;
    return true;
  }

  private declare(bytes: Buffer, base: number, k: number): void {
    const a = this.attributes;
    const colon = a[k + 1] as number;
    if ((a[k + 6] as number) - (a[k + 5] as number) > this.limits.namespaceBytes)
      throw new XmlError('policy-violation', 'a namespace of too many bytes', 'namespaceBytes');
    const uri = this.valueOf(bytes, base, k, NAMESPACE);
    if (uri === NS_XMLNS) throw new XmlError('not-well-formed', 'the namespace of xmlns cannot be bound');
    if (colon < 0) {
      if (uri === NS_XML) throw new XmlError('not-well-formed', 'the namespace of xml cannot be the default');
      this.defaultNs = uri;
      if (this.depth === 1) this.childIsSelfContained = true;
      return;
    }
    const prefix = intern(bytes, base + colon + 1, base + (a[k + 2] as number), a[k + 3] as number);
    if (prefix === 'xmlns') throw new XmlError('not-well-formed', 'the prefix xmlns cannot be declared');
    if ((prefix === 'xml') !== (uri === NS_XML))
      throw new XmlError('not-well-formed', 'the prefix xml cannot be bound anew');
    if (uri === '') throw new XmlError('not-well-formed', 'a prefix cannot be undeclared');
    if (prefix === 'xml') return;
    const count = this.prefixCount;
    if (count === this.limits.prefixes) throw new XmlError('policy-violation', 'too many namespaces', 'prefixes');
    this.prefixes[count] = prefix;
    this.uris[count] = uri;
    this.prefixCount = count + 1;
  }

  /** No two attributes may have the same local name and namespace (XML-NAMES §6.3). */
  private expandAttributes(bytes: Buffer, base: number): void {
    const a = this.attributes;
    const end = this.attributeCount * ATTRIBUTE;
    for (let k = 0; k < end; k += ATTRIBUTE) {
      const colon = a[k + 1] as number;
      if (colon < 0 || a[k + 7] === -1) continue;
      const uri = this.resolve(intern(bytes, base + (a[k] as number), base + colon, a[k + 4] as number));
      this.attributeUris[k >> 3] = uri;
      for (let j = 0; j < k; j += ATTRIBUTE) {
        if ((a[j + 1] as number) < 0 || a[j + 7] === -1) continue;
        if (
          a[j + 3] === a[k + 3] &&
          this.attributeUris[j >> 3] === uri &&
          this.local(bytes, base, j) === this.local(bytes, base, k)
        ) {
          throw new XmlError('not-well-formed', 'an attribute given twice');
        }
      }
    }
  }

  private local(bytes: Buffer, base: number, k: number): string {
    const a = this.attributes;
    const colon = a[k + 1] as number;
    return intern(
      bytes,
      base + (colon < 0 ? (a[k] as number) : colon + 1),
      base + (a[k + 2] as number),
      a[k + 3] as number,
    );
  }

  private readAttributes(bytes: Buffer, base: number): Record<string, string> {
    const a = this.attributes;
    const attrs: Record<string, string> = {};
    const end = this.attributeCount * ATTRIBUTE;
    for (let k = 0; k < end; k += ATTRIBUTE) {
      if (a[k + 7] === -1) continue;
      const local = this.local(bytes, base, k);
      const value = this.valueOf(bytes, base, k, local === 'id' ? UNIQUE : REPEATED);
      if ((a[k + 1] as number) < 0) setOwn(attrs, local, value);
      else {
        const uri = this.attributeUris[k >> 3] as string;
        setOwn(attrs, uri === NS_XML ? `xml:${local}` : `{${uri}}${local}`, value);
      }
    }
    return attrs;
  }

  private valueOf(bytes: Buffer, base: number, k: number, use: number): string {
    const a = this.attributes;
    const start = base + (a[k + 5] as number);
    const end = base + (a[k + 6] as number);
    const form = a[k + 7] as number;
    if ((form & VALUE_ENCODED) !== 0) return decodeValue(bytes, start, end);
    if (use === REPEATED) return internValue(bytes, start, end);
    if (use === NAMESPACE) return intern(bytes, start, end, hashOf(bytes, start, end));
    return form === VALUE_ASCII ? ascii(bytes, start, end) : bytes.toString('utf8', start, end);
  }

  private currentScope(): Scope {
    if (this.prefixCount === 0 && this.defaultNs === NS_CLIENT) return CLIENT_SCOPE;
    const scope: Record<string, string> = {};
    if (this.defaultNs !== '') scope[''] = this.defaultNs;
    for (let k = 0; k < this.prefixCount; k++) setOwn(scope, this.prefixes[k] as string, this.uris[k] as string);
    return Object.freeze(scope);
  }
}
