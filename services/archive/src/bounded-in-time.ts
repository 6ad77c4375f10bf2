import { comparePositions, type Position, SEQUENCE_MAX } from '@starling/contracts';
import type { Queryable } from '@starling/db';
import { selectAround } from './sql/select-around.ts';
import type { PageRange } from './sql/select-page.ts';

/** Times of a log go up with its positions but for this: a message server may be followed by one whose clock is behind. */
const CLOCKS_DIFFER_MS = 3_600_000;
/** What is imported has positions of epoch 0, and whatever times. */
const LAST_IMPORTED: Position = { epoch: 0, sequence: SEQUENCE_MAX };
const FIRST_OF_LOG: Position = { epoch: 1, sequence: 0 };

/**
 * The same rows, by ranges of positions in their order, so that a page from or up to a time does not walk through what is before or behind
 * it: in the log a time is a place. What was imported is walked through.
 */
export async function boundedInTime(db: Queryable, range: PageRange): Promise<readonly PageRange[]> {
  const { owner, after, startMs, endMs, upTo, ids } = range;
  if ((startMs === undefined && endMs === undefined) || ids.length > 0) return [range];
  const [start, end] = await Promise.all([
    startMs === undefined ? undefined : selectAround(db, owner, FIRST_OF_LOG, startMs - CLOCKS_DIFFER_MS),
    endMs === undefined ? undefined : selectAround(db, owner, FIRST_OF_LOG, endMs + CLOCKS_DIFFER_MS + 1),
  ]);
  const log: PageRange = {
    ...range,
    after: later(later(after, LAST_IMPORTED), start?.before),
    before: earlier(range.before, end?.from),
  };
  if (after.epoch > 0) return [log];
  return [{ ...range, upTo: earlier(upTo, LAST_IMPORTED) ?? upTo }, log];
}

const later = (a: Position, b: Position | undefined): Position => (b && comparePositions(b, a) > 0 ? b : a);
const earlier = (a: Position | undefined, b: Position | undefined): Position | undefined =>
  a === undefined || (b && comparePositions(b, a) < 0) ? b : a;
