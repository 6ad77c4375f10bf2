import type { Element } from '@starling/xml';
import { escapeXml, showElement, textOf } from './show-element.ts';
import { parseOne, STREAMS } from './stream-reader.ts';

/** Stands for anything: in a text, in an attribute's value (which must be there then), between tags. */
export const ANY = '…';

/** What may be put into a template: text is escaped, an element and raw XML go in as they are. */
export type XmlValue = string | number | Element | RawXml;

export interface RawXml {
  readonly xml: string;
}
/** XML that is put into a template unescaped. */
export const rawXml = (xml: string): RawXml => ({ xml });

function inserted(value: XmlValue): string {
  if (typeof value !== 'object') return escapeXml(String(value));
  return 'xml' in value ? value.xml : showElement(value, '');
}

/** A template literal of XML, with its values escaped. */
export function xml(parts: TemplateStringsArray, ...values: readonly XmlValue[]): string {
  return parts.reduce((text, part, i) => text + inserted(values[i - 1] ?? '') + part).trim();
}

/**
 * A pattern of XML: names and namespaces must be equal (the default is jabber:client, `stream:` is declared); attributes that
 * it gives must match, others may be there; each of its children must match another child, in any order, others may be there;
 * its text, if it has some, must match. `…` matches anything.
 */
export class XmlPattern {
  readonly source: string;
  readonly #element: Element;

  constructor(source: string) {
    this.source = source;
    const root = parseOne(`<pattern xmlns='jabber:client' xmlns:stream='${STREAMS}'>${source}</pattern>`);
    const [element, ...rest] = root.children.filter((c): c is Element => typeof c !== 'string');
    if (!element || rest.length > 0) throw new Error(`a pattern is one element: ${source}`);
    this.#element = element;
  }

  /** Why an element does not match, '' when it does. */
  mismatch(element: Element): string {
    return mismatch(this.#element, element, '');
  }

  matches(element: Element): boolean {
    return this.mismatch(element) === '';
  }
}

/** Whether the text is what the pattern says, with `…` for any run of characters. */
export function matchesText(pattern: string, text: string): boolean {
  const [head = '', ...rest] = pattern.split(ANY);
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head)) return false;
  let at = head.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return text.length - tail.length >= at && text.endsWith(tail);
}

function mismatch(pattern: Element, element: Element, path: string): string {
  const here = `${path}/${pattern.name}`;
  if (pattern.name !== element.name) return `${here}: is <${element.name}>`;
  if (pattern.ns !== element.ns) return `${here}: in the namespace '${element.ns}', not '${pattern.ns}'`;
  for (const [name, wanted] of Object.entries(pattern.attrs)) {
    const value = element.attrs[name];
    if (value === undefined) return `${here}: has no attribute ${name}`;
    if (!matchesText(wanted, value)) return `${here}: ${name}='${value}', not '${wanted}'`;
  }
  const wantedText = textOf(pattern).trim();
  if (wantedText !== '' && !matchesText(wantedText, textOf(element)))
    return `${here}: the text is '${textOf(element)}', not '${wantedText}'`;
  return childrenMismatch(pattern, element, here);
}

function childrenMismatch(pattern: Element, element: Element, here: string): string {
  const free = element.children.filter((c): c is Element => typeof c !== 'string');
  for (const wanted of pattern.children) {
    if (typeof wanted === 'string') continue;
    const reasons = free.map((child) => mismatch(wanted, child, here));
    const found = reasons.indexOf('');
    if (found < 0)
      return reasons.find((r) => !r.startsWith(`${here}/${wanted.name}: is <`)) ?? `${here}: has no <${wanted.name}>`;
    free.splice(found, 1);
  }
  return '';
}
