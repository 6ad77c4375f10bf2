import type { Element } from '@starling/xml';

const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze({});
const NO_CHILDREN: readonly never[] = Object.freeze([]);

/** An element. Attribute names as in Element.attrs; neither `attrs` nor its children may be changed afterwards. */
export function el(
  name: string,
  ns: string,
  attrs: Readonly<Record<string, string>> = NO_ATTRIBUTES,
  ...children: readonly (Element | string)[]
): Element {
  return { name, ns, attrs, children: children.length === 0 ? NO_CHILDREN : children };
}
