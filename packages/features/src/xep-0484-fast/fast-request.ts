import type { Element } from '@starling/xml';
import { type HtMechanism, isHt } from './mechanisms.ts';

/** What a client wants with a token. */
export interface FastRequest {
  /** Of its attempts with this token; 0: it tells none. */
  readonly count: number;
  /** This token shall be good for nothing any more. */
  readonly invalidate: boolean;
}

const COUNT = /^[1-9][0-9]{0,9}$/;
/** xs:int */
const COUNT_MAX = 2_147_483_647;
const TRUE: ReadonlySet<string | undefined> = new Set(['1', 'true']);

/** `<fast/>` of a login with a token; undefined when it is none ("Client authenticates using FAST": the count is a positive integer). */
export function parseFast(fast: Element): FastRequest | undefined {
  const { count, invalidate } = fast.attrs;
  if (count !== undefined && !(COUNT.test(count) && Number(count) <= COUNT_MAX)) return undefined;
  return { count: Number(count ?? 0), invalidate: TRUE.has(invalidate) };
}

/** The mechanism for which `<request-token/>` asks a token; undefined when it is none of those that are offered. */
export function wantedMechanism(request: Element, offered: readonly HtMechanism[]): HtMechanism | undefined {
  const { mechanism = '' } = request.attrs;
  return isHt(mechanism) && offered.includes(mechanism) ? mechanism : undefined;
}
