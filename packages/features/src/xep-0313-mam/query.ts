import { comparePositions, type PageReply, type PageRequest, type Position } from '@starling/contracts';
import type { BareJid } from '@starling/jid';
import { el, StanzaError } from '@starling/stanza';
import type { Element } from '@starling/xml';
import { type MamFilter, parseForm } from './form.ts';
import { NS } from './ns.ts';
import { parseRsm, type RsmRequest, rsmElement } from './rsm.ts';

/** One `<query/>` of a client. */
export interface MamQuery {
  readonly queryId: string | undefined;
  readonly filter: MamFilter;
  readonly rsm: RsmRequest;
  /** The results of the page are sent in reverse order ("Flipped pages"). */
  readonly flips: boolean;
}

/** Of a queryid, in characters: each result of a page repeats it. */
const QUERY_ID_MAX = 1_024;

/** @throws StanzaError bad-request, jid-malformed, feature-not-implemented; policy-violation: a queryid that is too long */
export function parseQuery(query: Element): MamQuery {
  // XEP-0442: archives of nodes, which an account does not have.
  if (query.attrs.node !== undefined) throw new StanzaError('feature-not-implemented', 'archives of nodes');
  const { queryid: queryId } = query.attrs;
  if (queryId !== undefined && queryId.length > QUERY_ID_MAX)
    throw new StanzaError('policy-violation', `a queryid of more than ${QUERY_ID_MAX} characters`);
  return {
    queryId,
    filter: parseForm(childOf(query, NS.form, 'x')),
    rsm: parseRsm(childOf(query, NS.rsm, 'set')),
    flips: childOf(query, NS.mam, 'flip-page') !== undefined,
  };
}

/** What the archive is asked for. `limitMax`: of one page, whatever is asked for; `find`: what an id means, undefined when it is none of the user's. */
export interface PageOptions {
  readonly user: BareJid;
  readonly limitMax: number;
  readonly find: (id: string) => Position | undefined;
}

/** @throws StanzaError item-not-found: an id that is not in the archive; policy-violation: more ids than fit on a page */
export function pageRequestOf({ filter, rsm }: MamQuery, { user, limitMax, find }: PageOptions): PageRequest {
  const positionOf = (id: string | undefined): Position | undefined => {
    if (id === undefined || id === '') return undefined;
    const position = find(id);
    if (position === undefined) throw new StanzaError('item-not-found');
    return position;
  };
  if (filter.ids.length > limitMax) throw new StanzaError('policy-violation', `more than ${limitMax} ids`);
  const [beforeId, afterId] = [positionOf(filter.beforeId), positionOf(filter.afterId)];
  const [before, after] = [positionOf(rsm.before), positionOf(rsm.after)];
  const isCount = rsm.max === 0;
  return {
    user,
    // How many there are does not depend on the page (XEP-0059 "Getting the Item Count").
    after: isCount ? afterId : later(afterId, after),
    before: isCount ? beforeId : earlier(beforeId, before),
    startMs: filter.startMs === undefined ? undefined : Math.max(0, filter.startMs),
    endMs: filter.endMs === undefined ? undefined : Math.max(0, filter.endMs),
    with: filter.with ?? '',
    ids: filter.ids.map((id) => positionOf(id || 'none')).filter((position) => position !== undefined),
    known: [beforeId, afterId, before, after].filter((position) => position !== undefined),
    limit: Math.min(rsm.max ?? limitMax, limitMax),
    backwards: rsm.before !== undefined,
    count: isCount,
  };
}

/** The payload of the result behind a page; `idOf` names a place as clients know it. */
export function finElement({ rsm }: MamQuery, page: PageReply, idOf: (position: Position) => string): Element {
  const { entries, complete, stable } = page;
  const [first, last] = [entries.at(0), entries.at(-1)];
  const isFromStart = rsm.after === undefined && (rsm.before === undefined || (rsm.before === '' && complete));
  const isWhole = isFromStart && complete && rsm.max !== 0;
  const set = rsmElement({
    first: first && idOf(first.position),
    last: last && idOf(last.position),
    index: first && isFromStart ? 0 : undefined,
    count: page.count ?? (isWhole ? entries.length : undefined),
  });
  return el('fin', NS.mam, { ...(complete && { complete: 'true' }), ...(!stable && { stable: 'false' }) }, set);
}

function later(a: Position | undefined, b: Position | undefined): Position | undefined {
  return a === undefined || (b !== undefined && comparePositions(b, a) > 0) ? b : a;
}

function earlier(a: Position | undefined, b: Position | undefined): Position | undefined {
  return a === undefined || (b !== undefined && comparePositions(b, a) < 0) ? b : a;
}

const childOf = ({ children }: Element, ns: string, name: string): Element | undefined =>
  children.find((c): c is Element => typeof c !== 'string' && c.ns === ns && c.name === name);
