import type { Element } from './element.ts';
import { escapeAttribute, escapeText } from './escape.ts';
import { NS_XML } from './ns.ts';
import { XmlError } from './xml-error.ts';

/** Far above all that is ever written: whoever reads 256 KiB may have to write a namespace again for each of 40,000 elements. */
const CHARS_MAX = 16 * 1024 * 1024;

/**
 * The element as XML without prefixes on elements. A namespaced attribute gets a prefix that is declared on the same tag.
 * @param parentNs the default namespace where the result will stand: it is not declared again
 * @param charsMax of the result, about
 * @throws XmlError policy-violation when it is longer
 */
export function serialize(element: Element, parentNs = '', charsMax = CHARS_MAX): string {
  const { name, ns, attrs, children } = element;
  // XML-NAMES §3: this namespace has its prefix always, and nobody may declare it as the default.
  const isXml = ns === NS_XML;
  const tag = isXml ? `xml:${name}` : name;
  const childNs = isXml ? parentNs : ns;
  let out = childNs === parentNs ? `<${tag}` : `<${tag} xmlns='${escapeAttribute(ns)}'`;
  let prefixes = 0;
  for (const key in attrs) {
    const value = escapeAttribute(attrs[key] as string);
    if (key.charCodeAt(0) !== 0x7b) out += ` ${key}='${value}'`;
    else {
      const brace = key.lastIndexOf('}');
      const prefix = `ns${++prefixes}`;
      out += ` xmlns:${prefix}='${escapeAttribute(key.slice(1, brace))}' ${prefix}:${key.slice(brace + 1)}='${value}'`;
    }
  }
  if (out.length > charsMax) throw tooLong();
  if (children.length === 0) return `${out}/>`;
  out += '>';
  for (const child of children) {
    out += typeof child === 'string' ? escapeText(child) : serialize(child, childNs, charsMax - out.length);
    if (out.length > charsMax) throw tooLong();
  }
  return `${out}</${tag}>`;
}

const tooLong = () => new XmlError('policy-violation', 'an element that takes too much when it is written anew');

/** As `serialize`, in UTF-8. */
export function serializeBytes(element: Element, parentNs = '', charsMax = CHARS_MAX): Uint8Array {
  return encoder.encode(serialize(element, parentNs, charsMax));
}

const encoder = new TextEncoder();
