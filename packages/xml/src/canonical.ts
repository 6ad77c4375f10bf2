import type { Element } from './element.ts';
import { escapeAttribute, escapeText } from './escape.ts';

/** A form that is equal for two trees that mean the same: for tests. Attributes sorted, adjacent text joined, namespaces written out. */
export function canonical(element: Element): string {
  const attrs = Object.keys(element.attrs)
    .sort()
    .map((key) => ` ${key}="${escapeAttribute(element.attrs[key] as string)}"`)
    .join('');
  const name = element.ns === '' ? element.name : `{${element.ns}}${element.name}`;
  const content = element.children.map((c) => (typeof c === 'string' ? escapeText(c) : canonical(c))).join('');
  return `<${name}${attrs}>${content}</${name}>`;
}
