import {
  type Element,
  escapeText,
  innerChildren,
  parseChild,
  type Scanned,
  serialize,
  serializeBytes,
  XmlError,
} from '@starling/xml';
import { StanzaError } from './errors.ts';
import { NS } from './ns.ts';

/** One child of a stanza: what it is, and its byte range in Stanza.inner. */
export interface ChildRef {
  readonly name: string;
  readonly ns: string;
  readonly start: number;
  readonly end: number;
}

/** A child that remembers its element once somebody has asked for it. */
export class Child implements ChildRef {
  readonly name: string;
  readonly ns: string;
  readonly start: number;
  readonly end: number;
  #element: Element | undefined;

  constructor(name: string, ns: string, start: number, end: number, element?: Element) {
    this.name = name;
    this.ns = ns;
    this.start = start;
    this.end = end;
    this.#element = element;
  }

  elementIn(inner: Uint8Array): Element {
    // No need to scan again: these bytes come from a scanner or from the serialiser.
    this.#element ??= parseChild({ bytes: inner, scope: SCOPE }, this);
    return this.#element;
  }

  movedTo(start: number): Child {
    return start === this.start
      ? this
      : new Child(this.name, this.ns, start, start + this.end - this.start, this.#element);
  }
}

/** What stands between the tags of a stanza. */
export interface Content {
  readonly children: readonly Child[];
  readonly inner: Uint8Array;
}

/** The namespace around the children of a stanza: their bytes are read and written in it. */
export const SCOPE: Readonly<Record<string, string>> = Object.freeze({ '': NS.client });

const NOTHING: Content = Object.freeze({ children: Object.freeze([]), inner: new Uint8Array(0) });

/** Elements and text as bytes. */
export function contentOf(parts: readonly (Element | string)[]): Content {
  if (parts.length === 0) return NOTHING;
  const children: Child[] = [];
  const pieces: Buffer[] = [];
  let at = 0;
  for (const part of parts) {
    const piece = Buffer.from(typeof part === 'string' ? escapeText(part) : serialize(part, NS.client));
    if (typeof part !== 'string') children.push(new Child(part.name, part.ns, at, at + piece.length, part));
    pieces.push(piece);
    at += piece.length;
  }
  return { children, inner: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, at) };
}

/**
 * The content of a scanned stanza: the scanned bytes, save children that depend on what is declared around them.
 * @throws StanzaError policy-violation when those would take too much
 */
export function contentOfScanned(scanned: Scanned): Content {
  const { children, inner } = refusing(() => innerChildren(scanned));
  return { children: children.map((c) => new Child(c.name, c.ns, c.start, c.end)), inner };
}

/** What clients store is written anew, and may take as much as this. */
const STORED_CHARS_MAX = 1024 * 1024;

/** An element that a client has sent, to be stored. @throws StanzaError policy-violation when it would take too much */
export const storedBytes = (element: Element): Uint8Array =>
  refusing(() => serializeBytes(element, '', STORED_CHARS_MAX));

/** RFC 6120 §8.3.3.12: a client may ask for too much to be written. */
function refusing<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new StanzaError('policy-violation', cause.message, { type: 'modify', cause });
  }
}

/** The content without some of its children; the same content when none is dropped. */
export function contentWithout({ children, inner }: Content, drop: (ref: ChildRef) => boolean): Content {
  const kept: Child[] = [];
  const pieces: Uint8Array[] = [];
  let at = 0;
  let from = 0;
  for (const child of children) {
    if (drop(child)) {
      pieces.push(inner.subarray(from, child.start));
      at += child.start - from;
      from = child.end;
    } else kept.push(child.movedTo(at + child.start - from));
  }
  if (kept.length === children.length) return { children, inner };
  pieces.push(inner.subarray(from));
  return { children: kept, inner: Buffer.concat(pieces) };
}

/** Both contents, one behind the other. */
export function contentWith(first: Content, second: Content): Content {
  const offset = first.inner.length;
  return {
    children: [...first.children, ...second.children.map((c) => c.movedTo(offset + c.start))],
    inner: Buffer.concat([first.inner, second.inner]),
  };
}
