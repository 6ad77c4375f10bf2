import { exchange } from './exchange.ts';
import { STATES, type SubscriptionState } from './state.ts';
import { SUBSCRIPTION_TYPES, type SubscriptionType } from './transition.ts';

/** Both sides of two users of one server, each as it knows the other. */
export interface Pair {
  readonly user: SubscriptionState;
  readonly contact: SubscriptionState;
}

/** One stanza of a walk through Appendix A. */
export interface Move {
  readonly by: keyof Pair;
  readonly type: SubscriptionType;
  readonly before: Pair;
  readonly behind: Pair;
}

/** By what the function has (exchange.ts). */
export function made(before: Pair, by: keyof Pair, type: SubscriptionType): Move {
  const [own, others] = by === 'user' ? [before.user, before.contact] : [before.contact, before.user];
  const steps = exchange(own, others, type);
  const mine = steps.findLast(({ side }) => side === 'user')?.state ?? own;
  const theirs = steps.findLast(({ side }) => side === 'contact')?.state ?? others;
  const behind = by === 'user' ? { user: mine, contact: theirs } : { user: theirs, contact: mine };
  return { by, type, before, behind };
}

/**
 * A walk from strangers through all pairs of states that two users can reach, in which the user makes every move that `isWanted` from each
 * of them, once; whatever else has to happen in between, either of them does.
 */
export function walk(isWanted: (move: Move) => boolean): readonly Move[] {
  const done = new Set<string>();
  const isNew = (move: Move) => move.by === 'user' && isWanted(move) && !done.has(keyOf(move.before) + move.type);
  const moves: Move[] = [];
  let at: Pair = { user: STATES.None, contact: STATES.None };
  for (;;) {
    const way = shortestWay(at, isNew);
    const last = way.at(-1);
    if (last === undefined) return moves;
    for (const move of way) if (move.by === 'user') done.add(keyOf(move.before) + move.type);
    moves.push(...way);
    at = last.behind;
  }
}

const keyOf = ({ user, contact }: Pair): string => JSON.stringify([user, contact]);

/** To the nearest move that is wanted, breadth first; empty when there is none any more. */
function shortestWay(from: Pair, isWanted: (move: Move) => boolean): readonly Move[] {
  const seen = new Set([keyOf(from)]);
  const ways: { readonly at: Pair; readonly way: readonly Move[] }[] = [{ at: from, way: [] }];
  for (let next = ways.shift(); next !== undefined; next = ways.shift()) {
    const { at, way } = next;
    const moves = (['user', 'contact'] as const).flatMap((by) => SUBSCRIPTION_TYPES.map((type) => made(at, by, type)));
    const wanted = moves.find(isWanted);
    if (wanted !== undefined) return [...way, wanted];
    for (const move of moves) {
      const key = keyOf(move.behind);
      if (seen.has(key)) continue;
      seen.add(key);
      ways.push({ at: move.behind, way: [...way, move] });
    }
  }
  return [];
}
