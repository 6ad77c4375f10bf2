import type { Element } from '@starling/xml';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&apos;',
  '"': '&quot;',
};

/** Text as it may stand in an attribute or between tags. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>'"]/g, (c) => ENTITIES[c] ?? c);
}

/** An element as text: the namespace is declared where it changes. */
export function showElement(element: Element, inherited = 'jabber:client'): string {
  const declaration = element.ns === inherited ? '' : ` xmlns='${escapeXml(element.ns)}'`;
  const attributes = Object.entries(element.attrs).map(([name, value]) => ` ${name}='${escapeXml(value)}'`);
  const inner = element.children
    .map((c) => (typeof c === 'string' ? escapeXml(c) : showElement(c, element.ns)))
    .join('');
  const start = `<${element.name}${declaration}${attributes.join('')}`;
  return inner === '' ? `${start}/>` : `${start}>${inner}</${element.name}>`;
}

/** All text directly in an element. */
export function textOf(element: Element): string {
  return element.children.filter((c) => typeof c === 'string').join('');
}

/** The first child with this name, in the given namespace if there is one. */
export function childOf(element: Element | undefined, name: string, ns?: string): Element | undefined {
  return element?.children.find(
    (c): c is Element => typeof c !== 'string' && c.name === name && (ns === undefined || c.ns === ns),
  );
}
