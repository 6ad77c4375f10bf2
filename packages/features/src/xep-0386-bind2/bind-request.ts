import { el } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { NS } from './ns.ts';

/** What `<bind/>` asks for ("Performing the bind"). */
export interface BindRequest {
  /** '' when there is none. */
  readonly tag: string;
  /** Elements in other namespaces. */
  readonly requests: readonly Element[];
}

export function parseBind(bind: Element): BindRequest {
  let tag = '';
  const requests: Element[] = [];
  for (const child of bind.children) {
    if (typeof child === 'string') continue;
    if (child.ns !== NS.bind2) requests.push(child);
    else if (child.name === 'tag') tag = child.children.filter((c) => typeof c === 'string').join('');
  }
  return { tag, requests };
}

/** What is offered inside of SASL2: `features` are those that may be asked for with it. */
export function bindFeature(features: readonly string[]): Element {
  const inline = features.map((name) => el('feature', NS.bind2, { var: name }));
  return el('bind', NS.bind2, {}, ...(inline.length > 0 ? [el('inline', NS.bind2, {}, ...inline)] : []));
}

export const boundElement = (results: readonly Element[]): Element => el('bound', NS.bind2, {}, ...results);
