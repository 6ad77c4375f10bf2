import type { Element } from '@starling/xml';
import { NS } from './ns.ts';

/** What `<authenticate/>` asks for. */
export interface Authenticate {
  readonly mechanism: string;
  /** Base64, unverified; undefined when there is none, which an empty one is not ("SASL Data Encoding"). */
  readonly initialResponse: string | undefined;
  /** Which client it is, '' when it does not say: in lower case. Never shown to anybody. */
  readonly client: string;
  /** Requests in other namespaces, by inlineKey. */
  readonly inline: ReadonlyMap<string, Element>;
}

/** The schema's Uuid. One of another version is as unique. */
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** "This SHOULD NOT include any line wrapping or other whitespace", which the examples do. */
const WHITE_SPACE = /[ \t\r\n]+/g;

export const inlineKey = (ns: string, name: string): string => `${ns} ${name}`;

/** Undefined when something is there twice that can be there once: nobody could say which of them is meant. */
export function parseAuthenticate(authenticate: Element): Authenticate | undefined {
  let initialResponse: string | undefined;
  let userAgent: Element | undefined;
  const inline = new Map<string, Element>();
  for (const child of authenticate.children) {
    if (typeof child === 'string') continue;
    if (child.ns !== NS.sasl2) {
      const key = inlineKey(child.ns, child.name);
      if (inline.has(key)) return undefined;
      inline.set(key, child);
    } else if (child.name === 'initial-response') {
      if (initialResponse !== undefined) return undefined;
      initialResponse = dataIn(child);
    } else if (child.name === 'user-agent') {
      if (userAgent !== undefined) return undefined;
      userAgent = child;
    }
  }
  const id = userAgent?.attrs.id?.toLowerCase() ?? '';
  return {
    mechanism: authenticate.attrs.mechanism ?? '',
    initialResponse,
    client: UUID.test(id) ? id : '',
    inline,
  };
}

/** The base64 in an element, unverified. */
export const dataIn = (element: Element): string =>
  element.children
    .filter((c) => typeof c === 'string')
    .join('')
    .replace(WHITE_SPACE, '');
