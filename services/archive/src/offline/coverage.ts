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
  /** Beyond the position as well, in order and apart: of these only what is in the archive, where it was read (XEP-0313). */
  readonly read: readonly Span[];
}

/** A part of a log, and whether what of it is in the archive was read there. */
export interface ReadSpan extends Span {
  readonly isRead: boolean;
}

const later = (a: Position, b: Position): Position => (comparePositions(a, b) >= 0 ? a : b);
const earlier = (a: Position, b: Position): Position => (comparePositions(a, b) <= 0 ? a : b);
const isEmpty = ({ after, upTo }: Span): boolean => comparePositions(upTo, after) <= 0;

/** With one more part covered. Of more than `spansMax` beyond holes the first are forgotten: what is in them may be delivered again. */
export function cover({ position, beyond, read }: Coverage, span: Span, spansMax: number): Coverage {
  const parts: Span[] = [];
  let end = position;
  for (const part of joined([...beyond, span])) {
    if (comparePositions(part.after, end) <= 0) end = later(end, part.upTo);
    else parts.push(part);
  }
  return { position: end, beyond: parts.slice(-spansMax), read: since(read, end) };
}

/** With one more part of the archive read; bounded as well. */
export function coverRead({ position, beyond, read }: Coverage, span: Span, spansMax: number): Coverage {
  return { position, beyond, read: since(joined([...read, span]), position).slice(-spansMax) };
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

/** A part of a log, in order, cut where reading began or ended. */
export function byReading({ read }: Coverage, { after, upTo }: Span): readonly ReadSpan[] {
  let from = after;
  const parts = read.flatMap((span) => {
    const [begin, end] = [later(span.after, from), earlier(span.upTo, upTo)];
    if (comparePositions(end, begin) <= 0) return [];
    const unread = { after: from, upTo: begin, isRead: false };
    from = end;
    return [unread, { after: begin, upTo: end, isRead: true }];
  });
  return [...parts, { after: from, upTo, isRead: false }].filter((part) => !isEmpty(part));
}

/** In order and apart from each other. */
function joined(spans: readonly Span[]): readonly Span[] {
  const found: Span[] = [];
  for (const span of spans.filter((s) => !isEmpty(s)).sort((a, b) => comparePositions(a.after, b.after))) {
    const last = found.at(-1);
    if (last !== undefined && comparePositions(span.after, last.upTo) <= 0)
      found[found.length - 1] = { after: last.after, upTo: later(last.upTo, span.upTo) };
    else found.push(span);
  }
  return found;
}

/** What of them is behind a position. */
const since = (spans: readonly Span[], position: Position): readonly Span[] =>
  spans.map(({ after, upTo }) => ({ after: later(after, position), upTo })).filter((span) => !isEmpty(span));
