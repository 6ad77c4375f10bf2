import { comparePositions, type Position } from '@starling/contracts';

/** Part of a log. */
export interface Span {
  /** Exclusive. */
  readonly after: Position;
  /** Inclusive. */
  readonly upTo: Position;
}

/** What of a log has been covered: everything up to a position, and beyond that some parts, in order and apart from each other. */
export interface Coverage {
  readonly position: Position;
  readonly beyond: readonly Span[];
}

const later = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);
const earlier = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);

/** With one more part covered. Of more than `spansMax` beyond holes the first are forgotten: what is in them may be delivered again. */
export function cover({ position, beyond }: Coverage, span: Span, spansMax: number): Coverage {
  const spans = [...beyond, span].sort((a, b) => comparePositions(a.after, b.after));
  const joined: Span[] = [];
  let end = position;
  for (const { after, upTo } of spans) {
    const last = joined.at(-1);
    if (comparePositions(upTo, after) <= 0) continue;
    if (last === undefined && comparePositions(after, end) <= 0) end = later(end, upTo);
    else if (last !== undefined && comparePositions(after, last.upTo) <= 0)
      joined[joined.length - 1] = { after: last.after, upTo: later(last.upTo, upTo) };
    else joined.push({ after, upTo });
  }
  return { position: end, beyond: joined.slice(-spansMax) };
}

/** What is not covered behind `after` up to `upTo`, in order. */
export function uncovered({ position, beyond }: Coverage, { after, upTo }: Span): readonly Span[] {
  const holes: Span[] = [];
  let from = later(position, after);
  for (const span of beyond) {
    const end = earlier(span.after, upTo);
    if (comparePositions(end, from) > 0) holes.push({ after: from, upTo: end });
    from = later(from, span.upTo);
  }
  if (comparePositions(upTo, from) > 0) holes.push({ after: from, upTo });
  return holes;
}
