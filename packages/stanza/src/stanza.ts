import { type Jid, JidError, parseJid } from '@starling/jid';
import { type Element, type Scanned, Scanner } from '@starling/xml';
import {
  type Child,
  type ChildRef,
  type Content,
  contentOf,
  contentOfScanned,
  contentWith,
  contentWithout,
  SCOPE,
} from './children.ts';
import { StanzaError } from './errors.ts';
import { NS } from './ns.ts';
import { StartTag } from './start-tag.ts';
import { StreamError } from './stream-errors.ts';

export type StanzaKind = 'message' | 'presence' | 'iq';

/** What the start tag of a stanza says; '' = the attribute is absent. */
export interface StanzaAttributes {
  readonly type: string;
  readonly id: string;
  readonly from: Jid | '';
  readonly to: Jid | '';
  /** xml:lang */
  readonly lang: string;
}

const NO_ATTRIBUTES: StanzaAttributes = Object.freeze({ type: '', id: '', from: '', to: '', lang: '' });

const START_TAGS: Readonly<Record<StanzaKind, string>> = { message: '<message', presence: '<presence', iq: '<iq' };
const END_TAGS: Readonly<Record<StanzaKind, Uint8Array>> = {
  message: Buffer.from('</message>'),
  presence: Buffer.from('</presence>'),
  iq: Buffer.from('</iq>'),
};

const NOTHING = new Uint8Array(0);

/** The one of this thread: encode() is done with it when it returns. */
const tag = new StartTag();

/** What Stanza.encode writes may be longer than any limit on what was read: the start tag has grown since. */
const UNLIMITED = Object.freeze({
  stanzaBytes: Number.MAX_SAFE_INTEGER,
  headerBytes: Number.MAX_SAFE_INTEGER,
  depth: Number.MAX_SAFE_INTEGER,
  attributes: Number.MAX_SAFE_INTEGER,
  nameBytes: Number.MAX_SAFE_INTEGER,
  namespaceBytes: Number.MAX_SAFE_INTEGER,
  prefixes: Number.MAX_SAFE_INTEGER,
});

/**
 * A message, presence or iq in jabber:client (RFC 6120 §8). Immutable; a changed one shares what has not changed.
 * Children stay bytes until somebody asks for one, since most stanzas are only passed on. Attributes of the start tag other than the
 * five common ones (§8.1) are not kept: nobody may rely on them (§8.4), and what is rebuilt cannot be smuggled.
 */
export class Stanza implements StanzaAttributes {
  readonly kind: StanzaKind;
  readonly type: string;
  readonly id: string;
  readonly from: Jid | '';
  readonly to: Jid | '';
  readonly lang: string;
  /** In document order. */
  readonly children: readonly ChildRef[];
  /** All children and text, as bytes that are complete within jabber:client. */
  readonly inner: Uint8Array;

  private constructor(kind: StanzaKind, { type, id, from, to, lang }: StanzaAttributes, { children, inner }: Content) {
    this.kind = kind;
    this.type = type;
    this.id = id;
    this.from = from;
    this.to = to;
    this.lang = lang;
    this.children = children;
    this.inner = inner;
  }

  /**
   * A stanza as the scanner read it; it shares the scanned bytes where it can.
   * @throws StanzaError jid-malformed; StreamError unsupported-stanza-type when it is no stanza
   */
  static fromScanned(scanned: Scanned): Stanza {
    const { name, ns, attrs } = scanned;
    if (ns !== NS.client || (name !== 'message' && name !== 'presence' && name !== 'iq'))
      throw new StreamError('unsupported-stanza-type');
    const attributes = {
      type: attrs.type ?? '',
      id: attrs.id ?? '',
      from: attrs.from === undefined ? '' : readJid('from', attrs.from),
      to: attrs.to === undefined ? '' : readJid('to', attrs.to),
      lang: attrs['xml:lang'] ?? '',
    } as const;
    return new Stanza(name, attributes, contentOfScanned(scanned));
  }

  static build(
    kind: StanzaKind,
    attributes: Partial<StanzaAttributes>,
    ...children: readonly (Element | string)[]
  ): Stanza {
    return new Stanza(kind, { ...NO_ATTRIBUTES, ...attributes }, contentOf(children));
  }

  /**
   * The inverse of encode.
   * @throws XmlError, StanzaError, StreamError when the bytes are no stanza
   */
  static decode(bytes: Uint8Array): Stanza {
    let stanza: Stanza | undefined;
    const onElement = (scanned: Scanned) => {
      stanza = Stanza.fromScanned(scanned);
    };
    new Scanner('message', UNLIMITED, { onElement, onStreamOpen() {}, onStreamClose() {} }, SCOPE).write(bytes);
    if (stanza === undefined) throw new StreamError('not-well-formed', 'no stanza');
    return stanza;
  }

  has(ns: string, name: string): boolean {
    return this.#find(ns, name) !== undefined;
  }

  /** The first child of that name. */
  child(ns: string, name: string): Element | undefined {
    return this.#find(ns, name)?.elementIn(this.inner);
  }

  firstChild(): Element | undefined {
    return (this.children[0] as Child | undefined)?.elementIn(this.inner);
  }

  /** The element of one of this stanza's `children`: of just that one, where there may be several of a name. */
  element(ref: ChildRef): Element {
    return (ref as Child).elementIn(this.inner);
  }

  with(changes: Partial<StanzaAttributes>): Stanza {
    const { type = this.type, id = this.id, from = this.from, to = this.to, lang = this.lang } = changes;
    return new Stanza(this.kind, { type, id, from, to, lang }, contentIn(this));
  }

  /** Without the children for which `drop` says so; this same stanza when there are none. */
  without(drop: (ref: ChildRef) => boolean): Stanza {
    const content = contentWithout(contentIn(this), drop);
    return content.children === this.children ? this : new Stanza(this.kind, this, content);
  }

  /** With more children behind those there are. */
  append(...children: readonly Element[]): Stanza {
    return children.length === 0
      ? this
      : new Stanza(this.kind, this, contentWith(contentIn(this), contentOf(children)));
  }

  /** The stanza in jabber:client, which is not declared on it: as it stands in a stream. */
  encode(): Uint8Array {
    const { kind, inner } = this;
    tag.begin(START_TAGS[kind]);
    if (this.to !== '') tag.attribute(' to="', this.to);
    if (this.from !== '') tag.attribute(' from="', this.from);
    if (this.id !== '') tag.attribute(' id="', this.id);
    if (this.type !== '') tag.attribute(' type="', this.type);
    if (this.lang !== '') tag.attribute(' xml:lang="', this.lang);
    tag.text(inner.length === 0 ? '/>' : '>');
    return inner.length === 0 ? tag.followedBy(inner, NOTHING) : tag.followedBy(inner, END_TAGS[kind]);
  }

  #find(ns: string, name: string): Child | undefined {
    for (const child of this.children) if (child.name === name && child.ns === ns) return child as Child;
    return undefined;
  }
}

const contentIn = ({ children, inner }: Stanza): Content => ({ children: children as readonly Child[], inner });

function readJid(attribute: 'from' | 'to', text: string): Jid {
  try {
    return parseJid(text);
  } catch (cause) {
    // Policy: a bad address is the sender's fault (RFC 6120 §8.3.3.8); anything else is a bug.
    if (cause instanceof JidError) throw new StanzaError('jid-malformed', `${attribute}: ${cause.reason}`, { cause });
    throw cause;
  }
}
