import { NS, type StreamError } from '@starling/stanza';
import { type Element, escapeAttribute, serialize } from '@starling/xml';

/** What a stream header says of itself (RFC 6120 §4.7). */
export interface HeaderAttributes {
  readonly from: string;
  readonly to: string;
  readonly id: string;
  readonly lang: string;
  readonly version: string;
}

/** How the edge writes a stream: as one document over TCP, as one element a message over WebSocket. */
export interface Framing {
  header(attributes: HeaderAttributes): Uint8Array;
  /** `<stream:features/>` around elements. */
  features(elements: readonly Element[]): Uint8Array;
  /** An element of a negotiation, in its own namespace. */
  element(element: Element): Uint8Array;
  /** A stanza as Stanza.encode gives it: in jabber:client, undeclared. */
  stanza(encoded: Uint8Array): Uint8Array;
  error(error: StreamError): Uint8Array;
  /** The end of the stream. */
  readonly end: Uint8Array;
}

const encode = (text: string): Uint8Array => Buffer.from(text);
const attributesOf = ({ from, to, id, lang, version }: HeaderAttributes): string =>
  ` from='${escapeAttribute(from)}' id='${id}' xml:lang='${escapeAttribute(lang)}'` +
  (version === '' ? '' : ` version='${version}'`) +
  (to === '' ? '' : ` to='${escapeAttribute(to)}'`);

/** Children of a stream-level element that is written by hand; their parent's default namespace is jabber:client. */
const inside = (elements: readonly Element[]): string => elements.map((e) => serialize(e, NS.client)).join('');
const errorBody = (error: StreamError): string =>
  inside(error.toElement().children.filter((c): c is Element => typeof c !== 'string'));

/** RFC 6120: one XML document a direction. */
export const streamFraming: Framing = {
  header: (a) =>
    encode(`<?xml version='1.0'?><stream:stream xmlns='${NS.client}' xmlns:stream='${NS.streams}'${attributesOf(a)}>`),
  features: (elements) => encode(`<stream:features>${inside(elements)}</stream:features>`),
  element: (element) => encode(serialize(element, NS.client)),
  stanza: (encoded) => encoded,
  error: (error) => encode(`<stream:error>${errorBody(error)}</stream:error>`),
  end: encode('</stream:stream>'),
};

const DECLARATION = encode(` xmlns='${NS.client}'`);
/** Where the name of a stanza ends, by its first letter: the three stanzas have one each. */
const NAME_ENDS: Readonly<Record<number, number>> = Object.fromEntries(
  ['<message', '<presence', '<iq'].map((start) => [start.charCodeAt(1), start.length]),
);

/** RFC 7395 §3.3: one whole element a message, each with all of its namespace declarations. */
export const messageFraming: Framing = {
  header: (a) => encode(`<open xmlns='${NS.framing}'${attributesOf(a)}/>`),
  features: (elements) =>
    encode(`<stream:features xmlns:stream='${NS.streams}' xmlns='${NS.client}'>${inside(elements)}</stream:features>`),
  element: (element) => encode(serialize(element)),
  stanza: (encoded) => {
    const nameEnd = NAME_ENDS[encoded[1] ?? 0] ?? 0;
    const framed = Buffer.allocUnsafe(encoded.length + DECLARATION.length);
    framed.set(encoded, DECLARATION.length);
    for (let i = 0; i < nameEnd; i++) framed[i] = encoded[i] as number;
    framed.set(DECLARATION, nameEnd);
    return framed;
  },
  error: (error) =>
    encode(`<stream:error xmlns:stream='${NS.streams}' xmlns='${NS.client}'>${errorBody(error)}</stream:error>`),
  end: encode(`<close xmlns='${NS.framing}'/>`),
};
