import { SaxesParser } from 'saxes';
import { setOwn } from '../attributes.ts';
import { canonical } from '../canonical.ts';
import type { Element } from '../element.ts';
import { NS_XML, NS_XMLNS } from '../ns.ts';

/** Characters that a name may have, but not begin with. */
const NO_NAME_START = /^(?:[-.0-9\u00b7\u203f\u2040]|[\u0300-\u036f])/;

/** What saxes makes of a document. */
export interface SaxesReading {
  /** Absent when saxes refuses it. */
  readonly root: Element | undefined;
  /** Whether it has what RFC 6120 §11.1 forbids: comments, processing instructions, a DTD. */
  readonly isRestricted: boolean;
  /** Whether it has a local name that is none, `p:1`, which saxes takes for one (XML-NAMES §4). */
  readonly isLenient: boolean;
  /** What stands between `<!DOCTYPE` and `>`. */
  readonly doctype: string | undefined;
  readonly version: string;
  readonly encoding: string;
}

/** A declaration of white space alone. */
const BLANK_NAMESPACE = /xmlns(?::[^\s=]+)?\s*=\s*(["'])(?:\s|&#x?[\da-f]+;)+\1/i;

/**
 * Whether a namespace begins or ends with white space: saxes trims it, which XML-NAMES does not ask for; so it refuses a prefix that is bound
 * to nothing else, also where the prefix is not used.
 */
export const saxesTrims = (element: Element, document: string): boolean =>
  /\{\s|\s\}/.test(canonical(element)) || BLANK_NAMESPACE.test(document);

export function readWithSaxes(text: string): SaxesReading {
  const parser = new SaxesParser({ xmlns: true });
  const top: { children: (Element | string)[] } = { children: [] };
  const open = [top];
  let failed = false;
  let isRestricted = false;
  let isLenient = false;
  const restricted = () => {
    isRestricted = true;
  };
  const addText = (more: string) => {
    const children = open.at(-1)?.children ?? [];
    const last = children.at(-1);
    if (more === '') return;
    if (typeof last === 'string') children[children.length - 1] = last + more;
    else children.push(more);
  };
  let doctype: string | undefined;
  let version = '1.0';
  let encoding = 'UTF-8';
  parser.on('error', () => {
    failed = true;
  });
  parser.on('xmldecl', (declaration) => {
    version = declaration.version ?? version;
    encoding = declaration.encoding ?? encoding;
  });
  parser.on('comment', restricted);
  parser.on('processinginstruction', restricted);
  parser.on('doctype', (text) => {
    doctype = text;
    restricted();
  });
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('opentag', (tag) => {
    const attrs: Record<string, string> = {};
    isLenient ||= NO_NAME_START.test(tag.local);
    for (const { prefix, local, uri, value } of Object.values(tag.attributes)) {
      isLenient ||= NO_NAME_START.test(local);
      if (uri === NS_XMLNS) continue;
      if (prefix === '') setOwn(attrs, local, value);
      else setOwn(attrs, uri === NS_XML ? `xml:${local}` : `{${uri}}${local}`, value);
    }
    const element = { name: tag.local, ns: tag.uri, attrs, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => {
    open.pop();
  });
  try {
    parser.write(text).close();
  } catch {
    // Its state is broken after some errors, and it throws what it has not reported.
    failed = true;
  }
  const root = top.children.find((child) => typeof child !== 'string') as Element | undefined;
  return { root: failed ? undefined : root, isRestricted, isLenient, doctype, version, encoding };
}
