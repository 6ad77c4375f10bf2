import type { HeldSession } from '@starling/contracts';
import { wantsCarbons } from '@starling/feature-api';
import type { ClientSession } from '../session.ts';

/** What a page is made of: the sessions behind `after`, in order of their full JIDs. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly complete: boolean;
}

/**
 * The first `limit` items behind `after`. One pass that keeps only the page: an edge has tens of thousands of sessions, and sorting them
 * for each page would hold up everybody.
 */
export function pageBehind<T extends { readonly jid: string }>(
  items: Iterable<T>,
  after: string,
  limit: number,
): Page<T> {
  const page: T[] = [];
  let complete = true;
  for (const item of items) {
    if (item.jid <= after) continue;
    const last = page.at(-1);
    if (page.length === limit) {
      complete = false;
      if (last === undefined || item.jid >= last.jid) continue;
      page.pop();
    }
    page.splice(placeIn(page, item.jid), 0, item);
  }
  return { items: page, complete };
}

function placeIn(page: readonly { readonly jid: string }[], jid: string): number {
  let [low, high] = [0, page.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((page[middle]?.jid ?? '') < jid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A session for operators: nothing of what it has sent or got, and not where its client is. */
export function describeSession(session: ClientSession): HeldSession {
  const { jid, id, state, priority, boundAt, sm } = session;
  return {
    ...{ jid, session: id, state, priority, boundAt },
    carbons: wantsCarbons.get(session),
    inactive: session.held !== undefined,
    resumable: sm?.isResumable ?? false,
    unacked: sm?.queue.length ?? 0,
    detachedAt: session.isConnected ? 0 : (sm?.detachedAt ?? 0),
  };
}
