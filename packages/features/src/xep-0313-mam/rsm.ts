import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { NS } from './ns.ts';

/** What a client asks of the result set (XEP-0059). */
export interface RsmRequest {
  /** Undefined: the server's choice. */
  readonly max: number | undefined;
  readonly after: string | undefined;
  /** '' = the last page ("Requesting the Last Page in a Result Set"). */
  readonly before: string | undefined;
}

/** What it is told of it. */
export interface RsmResult {
  readonly first: string | undefined;
  readonly last: string | undefined;
  /** Of the first one; undefined: not known. */
  readonly index: number | undefined;
  readonly count: number | undefined;
}

/** An xs:int, which has ten digits. */
const NUMBER = /^\d{1,10}$/;

/**
 * The request in a `<set/>`; of no set, all is undefined.
 * @throws StanzaError bad-request; feature-not-implemented: a page by its index ("Retrieving a Page Out of Order")
 */
export function parseRsm(set: Element | undefined): RsmRequest {
  const index = textOf(set, 'index');
  if (index !== undefined) throw new StanzaError('feature-not-implemented', 'pages by index');
  const max = textOf(set, 'max');
  if (max !== undefined && !NUMBER.test(max)) throw new StanzaError('bad-request', 'max is no number');
  const after = textOf(set, 'after');
  // If no <after/> element is specified, it is before the first item ("Paging Forwards"); so is one that says nothing.
  return { max: max === undefined ? undefined : Number(max), after: after || undefined, before: textOf(set, 'before') };
}

export function rsmElement({ first, last, index, count }: RsmResult): Element {
  const parts: Element[] = [];
  if (first !== undefined) parts.push(el('first', NS.rsm, index === undefined ? {} : { index: String(index) }, first));
  if (last !== undefined) parts.push(el('last', NS.rsm, {}, last));
  if (count !== undefined) parts.push(el('count', NS.rsm, {}, String(count)));
  return el('set', NS.rsm, {}, ...parts);
}

function textOf(set: Element | undefined, name: string): string | undefined {
  const child = set?.children.find((c): c is Element => typeof c !== 'string' && c.ns === NS.rsm && c.name === name);
  return child?.children
    .filter((c) => typeof c === 'string')
    .join('')
    .trim();
}
