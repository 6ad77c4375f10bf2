import type { Element } from '@starling/xml';
import { SaxesParser, type SaxesTagNS } from 'saxes';

// The parser is deliberately not the server's own: what the server writes has to be XML to somebody else too.

export const STREAMS = 'http://etherx.jabber.org/streams';
export const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';
const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/';

interface OpenElement {
  readonly element: Element;
  readonly children: (Element | string)[];
}

/** What a reader tells about one XML document. */
export interface ReaderEvents {
  /** A complete element: with depth 1 a child of the root, with depth 0 the root itself. */
  element(element: Element): void;
  /** The root's start tag, when children are told one by one. */
  head?(head: Element): void;
  /** The root's end tag. */
  end?(): void;
}

function opened(tag: SaxesTagNS): OpenElement {
  const attrs: Record<string, string> = {};
  for (const { uri, local, prefix, name, value } of Object.values(tag.attributes)) {
    if (uri === XMLNS_NAMESPACE || name === 'xmlns') continue;
    if (uri === XML_NAMESPACE) attrs[`xml:${local}`] = value;
    else attrs[prefix === '' ? local : `{${uri}}${local}`] = value;
  }
  const children: (Element | string)[] = [];
  return { element: { name: tag.local, ns: tag.uri, attrs, children }, children };
}

/**
 * Reads one XML document in pieces. With `depth` 1 it is a stream (RFC 6120 §4): the root stays open and its children are
 * told one by one; with 0 a frame (RFC 7395 §3.3): the root is told as a whole.
 */
export class StreamReader {
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: OpenElement[] = [];

  constructor(depth: 0 | 1, events: ReaderEvents) {
    this.#parser.on('opentag', (tag) => {
      const entry = opened(tag);
      this.#open.push(entry);
      if (depth === 1 && this.#open.length === 1) events.head?.(entry.element);
    });
    this.#parser.on('text', (text) => {
      if (this.#open.length > depth) this.#open.at(-1)?.children.push(text);
    });
    this.#parser.on('closetag', () => {
      const entry = this.#open.pop();
      if (!entry) return;
      if (this.#open.length === depth) events.element(entry.element);
      else if (this.#open.length < depth) events.end?.();
      else this.#open.at(-1)?.children.push(entry.element);
    });
    for (const name of ['comment', 'doctype', 'processinginstruction', 'cdata'] as const) {
      // RFC 6120 §11.1: a server must not send them either. CDATA is XML, but nobody needs it here.
      this.#parser.on(name, () => {
        throw new Error(`the server sent a ${name}`);
      });
    }
  }

  /** @throws Error when the server's bytes are not well-formed */
  write(text: string): void {
    this.#parser.write(text);
  }
}

/** The one element that a piece of text is. @throws Error when it is none */
export function parseOne(text: string): Element {
  let found: Element | undefined;
  const reader = new StreamReader(0, { element: (element) => (found = element) });
  reader.write(text);
  if (!found) throw new Error(`not one complete element: ${text.slice(0, 200)}`);
  return found;
}
